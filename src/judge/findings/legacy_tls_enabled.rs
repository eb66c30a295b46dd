//! The server accepts TLS 1.2 or newer, and older versions as well.

use super::{Definition, Doc, Needs, Text};
use crate::judge::case::Case;
use crate::observation::Versions;
use crate::tls::ProtocolVersion;
use crate::verdict::{Finding, FindingId, Severity, Side};

/// The definition of `legacy_tls_enabled`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::LegacyTlsEnabled,
    verdict: None,
    severity: Severity::Warning,
    side: Side::Server,
    needs: Needs::AllVersions,
    evidence: &[(
        "versions",
        "versions older than TLS 1.2 that the server accepts",
    )],
    look,
    doc: &DOC,
};

/// The accepted versions are known only if every version was tried (`--versions all`).
fn look(case: &Case<'_>) -> Vec<Finding> {
    let Some(versions) = Versions::of(case.observation) else {
        return Vec::new();
    };
    let is_old = |version: &ProtocolVersion| *version < ProtocolVersion::Tls12;
    let old: Vec<String> = versions
        .supported()
        .filter(is_old)
        .map(|version| version.name().to_owned())
        .collect();
    if old.is_empty() || versions.supported().all(|version| is_old(&version)) {
        return Vec::new();
    }
    vec![FINDING.found(vec![("versions", old.into())])]
}

const DOC: Doc = Doc {
    en: Text {
        title: "Old TLS versions are still enabled in addition to TLS 1.2 or 1.3",
        meaning: "This server supports TLS 1.2 or 1.3, but also accepts clients that offer nothing \
            newer than TLS 1.1, TLS 1.0 or SSL 3.0. Those versions are formally deprecated (SSL \
            3.0 by RFC 7568, TLS 1.0 and 1.1 by RFC 8996). Current clients choose the newer \
            version, so nothing breaks today. However, audits such as PCI DSS count it as a fault, \
            and SSL 3.0 can be exploited against clients that still fall back to it (POODLE). The \
            usual cause is an old system's default, or an old version setting that was never \
            reviewed.",
        check_first: &[
            "Scan from another network to confirm that the server itself answers, and not a \
                TLS-inspecting proxy with its own version settings.",
            "Before you disable the old versions, check the access log (nginx `$ssl_protocol`, \
                Apache `%{SSL_PROTOCOL}x`) for clients that still use them.",
            "On port 25, senders fall back to plain text when TLS fails, and an old version is \
                better than no TLS. Some administrators therefore keep TLS 1.0 there on purpose.",
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
        title: "TLS 1.2 / 1.3 に加えて、古い TLS バージョンも有効です",
        meaning: "このサーバーは TLS 1.2 または 1.3 に対応していますが、TLS 1.1、TLS 1.0、SSL 3.0 \
            までしか提示しないクライアントも受け入れます。これらのバージョンは正式に廃止されていま\
            す（SSL 3.0 は RFC 7568、TLS 1.0 / 1.1 は RFC 8996）。現在のクライアントは新しいバージ\
            ョンを選ぶため、接続への影響はありません。ただし、PCI DSS などの監査では不適合とされま\
            す。また、SSL 3.0 は、フォールバックするクライアントへの攻撃（POODLE）に悪用されるおそ\
            れがあります。多くは、古いシステムの既定値や、過去に設定したバージョンの指定を見直して\
            いないことが原因です。",
        check_first: &[
            "別の回線からスキャンし、サーバー自身が応答していることを確認します。TLS インスペク\
                ションを行うプロキシは、独自のバージョン設定で応答します。",
            "古いバージョンを無効にする前に、アクセスログ（nginx は `$ssl_protocol`、Apache は \
                `%{SSL_PROTOCOL}x`）で、使用中のクライアントが残っていないか確認します。",
            "25 番ポートでは、TLS で接続できない送信側が平文に切り替えます。古いバージョンでも平文\
                よりは安全なため、TLS 1.0 を意図的に残している場合があります。",
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
