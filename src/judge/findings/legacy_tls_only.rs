//! The newest version that the server accepts is older than TLS 1.2.

use super::{Definition, Doc, Needs, Text};
use crate::judge::case::Case;
use crate::observation::{Versions, supports_tls13};
use crate::tls::ProtocolVersion;
use crate::verdict::{Finding, FindingId, Severity, Side, VerdictKind};

/// The definition of `legacy_tls_only`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::LegacyTlsOnly,
    verdict: Some(VerdictKind::LegacyTlsOnly),
    severity: Severity::Error,
    side: Side::Server,
    needs: Needs::Nothing,
    evidence: &[("version", "newest version that the server accepts")],
    look,
    doc: &DOC,
};

fn look(case: &Case<'_>) -> Vec<Finding> {
    // Another exchange may show a newer version than the exchange that the verdict is based on.
    let versions = Versions::of(case.observation);
    let newer = versions.is_some_and(|it| it.supported().any(|it| it >= ProtocolVersion::Tls12))
        || supports_tls13(case.observation) == Some(true);
    let session = case
        .session()
        .filter(|session| session.version < ProtocolVersion::Tls12 && !newer);
    let found =
        session.map(|session| FINDING.found(vec![("version", session.version.name().into())]));
    found.into_iter().collect()
}

const DOC: Doc = Doc {
    en: Text {
        title: "The server supports only TLS versions older than 1.2",
        meaning: "The newest version that this server accepts is TLS 1.1, TLS 1.0 or SSL 3.0. \
            These versions rely on MD5 and SHA-1 and are formally deprecated (SSL 3.0 by RFC \
            7568, TLS 1.0 and 1.1 by RFC 8996). All current browsers have refused them since \
            2020. The server usually runs an old operating system or TLS library, or uses a \
            configuration written for one. TLS 1.2 is enabled by default since Chrome 30, Firefox \
            27, Safari 7, Internet Explorer 11, Android 5 and Java 8. After a change to TLS 1.2 \
            and 1.3, only older clients can no longer connect.",
        check_first: &[
            "Scan from another network to confirm that no TLS-inspecting proxy answers with its \
                own old version.",
            "Before you change the versions, check the access log (nginx `$ssl_protocol`, Apache \
                `%{SSL_PROTOCOL}x`) for devices that support nothing newer, such as scanners, \
                card terminals or sensors. Plan how to replace or serve them.",
        ],
        fixes: &[
            (
                "nginx",
                "Set `ssl_protocols TLSv1.2 TLSv1.3;` in the `http` block. Names that share an \
                    address use the setting of the default server, so set it there too. TLS 1.2 \
                    needs OpenSSL 1.0.1 or later; TLS 1.3 needs 1.1.1 or later.",
            ),
            (
                "Apache",
                "Set `SSLProtocol -all +TLSv1.2 +TLSv1.3`. TLS 1.3 needs Apache 2.4.37 or later \
                    and OpenSSL 1.1.1.",
            ),
            (
                "Postfix",
                "In 3.6 or later, set `smtpd_tls_protocols = >=TLSv1.2` and \
                    `smtpd_tls_mandatory_protocols = >=TLSv1.2`. In earlier versions, set both to \
                    `!SSLv2, !SSLv3, !TLSv1, !TLSv1.1`.",
            ),
            (
                "Dovecot",
                "In 2.3 or later, set `ssl_min_protocol = TLSv1.2`. In 2.2, set `ssl_protocols = \
                    !SSLv3 !TLSv1 !TLSv1.1`.",
            ),
            (
                "IIS, Windows",
                "Enable TLS 1.2 for the server under `SCHANNEL\\Protocols` in the registry and \
                    restart. Replace versions before Windows Server 2008 R2, or put them behind a \
                    reverse proxy.",
            ),
            (
                "Appliance",
                "Install the vendor's update. If there is none, put a reverse proxy with TLS 1.2 \
                    and 1.3 in front of the appliance.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -tls1 -cipher \
            ALL:@SECLEVEL=0",
    },
    ja: Text {
        title: "TLS 1.2 より古いバージョンにしか対応していません",
        meaning: "このサーバーが受け入れる最も新しいバージョンは、TLS 1.1、TLS 1.0、SSL 3.0 のいず\
            れかです。これらは MD5 と SHA-1 に依存しており、正式に廃止されています（SSL 3.0 は RFC \
            7568、TLS 1.0 / 1.1 は RFC 8996）。現在のブラウザーは、2020 年からこれらのバージョンで\
            の接続を拒否しています。多くは、OS や TLS ライブラリが古いか、古い環境向けの設定が残っ\
            ていることが原因です。TLS 1.2 は、Chrome 30、Firefox 27、Safari 7、Internet Explorer \
            11、Android 5、Java 8 以降では標準で有効になっています。TLS 1.2 / 1.3 に変更して接続で\
            きなくなるのは、これより古いクライアントだけです。",
        check_first: &[
            "別の回線からスキャンし、TLS インスペクションを行うプロキシが古いバージョンで応答して\
                いるのではないことを確認します。",
            "変更する前に、アクセスログ（nginx は `$ssl_protocol`、Apache は `%{SSL_PROTOCOL}x`）\
                で、複合機、決済端末、センサーなど、新しいバージョンに対応していない機器が残ってい\
                ないか確認し、対応方法を決めておきます。",
        ],
        fixes: &[
            (
                "nginx",
                "`http` ブロックに `ssl_protocols TLSv1.2 TLSv1.3;` を設定します。同じアドレスを共\
                    有する名前にはデフォルトサーバーの設定が使われるため、そちらにも設定します。\
                    TLS 1.2 には OpenSSL 1.0.1 以降、TLS 1.3 には 1.1.1 以降が必要です。",
            ),
            (
                "Apache",
                "`SSLProtocol -all +TLSv1.2 +TLSv1.3` を設定します。TLS 1.3 には Apache 2.4.37 以\
                    降と OpenSSL 1.1.1 が必要です。",
            ),
            (
                "Postfix",
                "3.6 以降では、`smtpd_tls_protocols = >=TLSv1.2` と \
                    `smtpd_tls_mandatory_protocols = >=TLSv1.2` を設定します。それより前のバージョ\
                    ンでは、両方に `!SSLv2, !SSLv3, !TLSv1, !TLSv1.1` を設定します。",
            ),
            (
                "Dovecot",
                "2.3 以降では `ssl_min_protocol = TLSv1.2`、2.2 では `ssl_protocols = !SSLv3 \
                    !TLSv1 !TLSv1.1` を設定します。",
            ),
            (
                "IIS、Windows",
                "レジストリの `SCHANNEL\\Protocols` でサーバー側の TLS 1.2 を有効にし、再起動しま\
                    す。Windows Server 2008 R2 より前のバージョンは、更新するか、リバースプロキシ\
                    の背後に配置します。",
            ),
            (
                "アプライアンス",
                "メーカーのアップデートを適用します。提供されていない場合は、TLS 1.2 / 1.3 に対応\
                    したリバースプロキシを前段に配置します。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -tls1 -cipher \
            ALL:@SECLEVEL=0",
    },
};
