//! TLS 1.2 or better is accepted, and older versions beside it.

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
    evidence: &[("versions", "the old versions it accepts")],
    look,
    doc: &DOC,
};

/// Only known where every version was asked for (`--versions all`).
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
        title: "Old TLS versions are still accepted beside TLS 1.2",
        meaning: "This server speaks TLS 1.2 or 1.3, and still says yes to a client that offers \
            nothing newer than TLS 1.1, TLS 1.0 or SSL 3.0. Those versions were formally \
            withdrawn (RFC 7568 for SSL 3.0, RFC 8996 for TLS 1.0 and 1.1). Current clients \
            choose the newer version, so nothing breaks today; but audits such as PCI DSS count \
            it as a fault, and SSL 3.0 can be used against the clients that still fall back to \
            it (POODLE). Usually the default of an old system or a list of versions from years \
            ago was never revised. Only a scan with `--versions all` shows it.",
        check_first: &[
            "Make sure that the answer comes from the server itself and not from an inspecting \
                proxy on the line, which has its own list of versions: scan from another line.",
            "Before switching, look in the access log (nginx `$ssl_protocol`, Apache \
                `%{SSL_PROTOCOL}x`) for clients that still come with the old versions.",
            "On port 25 an old version beats none, as senders fall back to plain text: some \
                administrators keep TLS 1.0 there on purpose.",
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
        title: "TLS 1.2 以降に加えて、古いバージョンも有効になっています",
        meaning: "このサーバーは TLS 1.2 または 1.3 に対応していますが、TLS 1.1、TLS 1.0、SSL 3.0 \
            しか提示しないクライアントも受け入れます。これらのバージョンは正式に廃止されています\
            （SSL 3.0 は RFC 7568、TLS 1.0 / 1.1 は RFC 8996）。現行のクライアントは新しいバー\
            ジョンを選ぶため、ただちに接続できなくなるものはありません。ただし PCI DSS などの監査\
            では不備とされ、SSL 3.0 はフォールバックするクライアントへの攻撃（POODLE）に悪用でき\
            ます。多くは、古いシステムの既定値や過去に書いたバージョン指定が見直されていないこと\
            が原因です。`--versions all` を指定したスキャンでのみ分かります。",
        check_first: &[
            "応答しているのがサーバー自身であり、経路上の検査用プロキシではないことを、別の回線か\
                らのスキャンで確認します（プロキシは独自のバージョン設定を持ちます）。",
            "無効にする前に、アクセスログ（nginx は `$ssl_protocol`、Apache は \
                `%{SSL_PROTOCOL}x`）で、古いバージョンで接続しているクライアントが残っていないか\
                を調べます。",
            "25 番ポートでは、TLS で接続できない送信側が平文に切り替えることがあるため、TLS 1.0 を\
                意図的に残している場合があります。",
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
