//! The best version that the server accepts is older than TLS 1.2.

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
    evidence: &[("version", "the best version it accepts")],
    look,
    doc: &DOC,
};

fn look(case: &Case<'_>) -> Vec<Finding> {
    // A version that another connection showed is accepted too, whatever speaks for the endpoint.
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
        title: "Only TLS versions before 1.2 are accepted",
        meaning: "The best version this server accepts is TLS 1.1, TLS 1.0 or SSL 3.0. These \
            versions rest on MD5 and SHA-1, were formally withdrawn (RFC 7568 for SSL 3.0, RFC \
            8996 for TLS 1.0 and 1.1), and all current browsers have refused them since 2020. \
            The server usually runs an old operating system or TLS library, or a configuration \
            written for one. TLS 1.2 has been on by default in clients for more than ten years: \
            Chrome 30, Firefox 27, Safari 7, Internet Explorer 11, Android 5 and Java 8, so \
            raising the server to TLS 1.2 and 1.3 shuts out only older ones.",
        check_first: &[
            "Make sure that no inspecting proxy on our side answers with its own old version: \
                scan from another line.",
            "Before switching, look in the access log (nginx `$ssl_protocol`, Apache \
                `%{SSL_PROTOCOL}x`) for devices such as scanners, card terminals or sensors that \
                know nothing newer, and plan for them.",
        ],
        fixes: &[
            (
                "nginx",
                "Set `ssl_protocols TLSv1.2 TLSv1.3;` in the `http` block. Names that share an \
                    address take it from the default server, so set it there too. TLS 1.2 needs \
                    OpenSSL 1.0.1 or later, TLS 1.3 needs 1.1.1.",
            ),
            (
                "Apache",
                "Set `SSLProtocol -all +TLSv1.2 +TLSv1.3` (TLS 1.3 from 2.4.37 with OpenSSL \
                    1.1.1).",
            ),
            (
                "Postfix",
                "Set `smtpd_tls_protocols = >=TLSv1.2` and `smtpd_tls_mandatory_protocols = \
                    >=TLSv1.2` (3.6 or later); before that, `!SSLv2, !SSLv3, !TLSv1, !TLSv1.1`.",
            ),
            (
                "Dovecot",
                "Set `ssl_min_protocol = TLSv1.2` (2.3 and later); in 2.2, `ssl_protocols = \
                    !SSLv3 !TLSv1 !TLSv1.1`.",
            ),
            (
                "IIS, Windows",
                "Enable TLS 1.2 for the server under `SCHANNEL\\Protocols` in the registry and \
                    restart; versions before Windows Server 2008 R2 must be replaced or put \
                    behind a proxy.",
            ),
            (
                "Appliance",
                "Install the maker's update. Where there is none, put a reverse proxy with TLS \
                    1.2 and 1.3 in front of it.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -tls1 -cipher \
            ALL:@SECLEVEL=0",
    },
    ja: Text {
        title: "TLS 1.2 より古いバージョンしか使えません",
        meaning: "このサーバーが受け入れる最も新しいバージョンは、TLS 1.1、TLS 1.0、SSL 3.0 のいず\
            れかです。これらは MD5 や SHA-1 に依存しており、正式に廃止されています（SSL 3.0 は \
            RFC 7568、TLS 1.0 / 1.1 は RFC 8996）。現行の主要ブラウザーは 2020 年以降に順次接続を\
            拒否するようになりました。原因の多くは、古い OS や TLS ライブラリ、または古い設定の残\
            りです。TLS 1.2 は Chrome 30、Firefox 27、Safari 7、Internet Explorer 11、Android 5、\
            Java 8 から標準で有効なので、TLS 1.2 / 1.3 に切り替えて接続できなくなるのは、これより\
            古い環境だけです。",
        check_first: &[
            "自分側の検査用プロキシが古いバージョンで応答していないか、別の回線からもスキャンして\
                確認します。",
            "切り替える前に、アクセスログ（nginx は `$ssl_protocol`、Apache は \
                `%{SSL_PROTOCOL}x`）で、複合機、決済端末、センサーなど新しい TLS に対応できない機\
                器が残っていないかを調べます。",
        ],
        fixes: &[
            (
                "nginx",
                "`http` ブロックに `ssl_protocols TLSv1.2 TLSv1.3;` を設定します。同じアドレスを共\
                    有する名前にはデフォルトサーバーの設定が使われるため、そちらにも設定してくだ\
                    さい。TLS 1.2 には OpenSSL 1.0.1 以降、TLS 1.3 には 1.1.1 以降が必要です。",
            ),
            (
                "Apache",
                "`SSLProtocol -all +TLSv1.2 +TLSv1.3` とします（TLS 1.3 は 2.4.37 以降と OpenSSL \
                    1.1.1 が必要）。",
            ),
            (
                "Postfix",
                "3.6 以降は `smtpd_tls_protocols = >=TLSv1.2` と `smtpd_tls_mandatory_protocols = \
                    >=TLSv1.2`、それ以前は `!SSLv2, !SSLv3, !TLSv1, !TLSv1.1` とします。",
            ),
            (
                "Dovecot",
                "2.3 以降は `ssl_min_protocol = TLSv1.2`、2.2 は `ssl_protocols = !SSLv3 !TLSv1 \
                    !TLSv1.1` とします。",
            ),
            (
                "IIS、Windows",
                "レジストリの `SCHANNEL\\Protocols` でサーバー側の TLS 1.2 を有効にして再起動しま\
                    す。Windows Server 2008 R2 より前のものは、更新するかリバースプロキシの背後に\
                    置きます。",
            ),
            (
                "アプライアンス",
                "メーカーの更新を適用します。更新が提供されていない場合は、TLS 1.2 / 1.3 に対応し\
                    たリバースプロキシを前段に置きます。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -tls1 -cipher \
            ALL:@SECLEVEL=0",
    },
};
