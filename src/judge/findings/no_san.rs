//! The leaf has no subject alternative names: clients that ignore the common name find none.

use super::{Definition, Doc, Needs, Text};
use crate::judge::case::Case;
use crate::verdict::{Finding, FindingId, Severity, Side};

/// The definition of `no_san`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::NoSan,
    verdict: None,
    severity: Severity::Warning,
    side: Side::Server,
    needs: Needs::Nothing,
    evidence: &[("common_name", "the subject's common name, where it has one")],
    look,
    doc: &DOC,
};

fn look(case: &Case<'_>) -> Vec<Finding> {
    let leaf = case.chain.as_ref().and_then(|chain| chain.contents());
    let nameless = leaf.filter(|leaf| leaf.sans.as_deref().unwrap_or_default().is_empty());
    let found = nameless.map(|leaf| {
        let common = leaf.subject.common_name.as_deref();
        FINDING.found(
            common
                .map(|common| ("common_name", common.into()))
                .into_iter()
                .collect(),
        )
    });
    found.into_iter().collect()
}

const DOC: Doc = Doc {
    en: Text {
        title: "The certificate has no subject alternative name",
        meaning: "The certificate names its host only in the common name (CN) of the subject and \
            has no subject alternative name (SAN) that clients could compare. Comparing the CN \
            was a stopgap that RFC 2818 called deprecated in 2000 and RFC 9525 rules out; \
            browsers, Apple's systems and Go ignore it. Public CAs always fill in the SAN, so \
            the certificate comes from a private CA, an appliance or an old script. Some \
            programs still fall back to the CN, which is why it may work in one place and fail \
            in another.",
        check_first: &[
            "Look at the issuer: if it is an inspecting proxy on our side, the server's real \
                certificate may be in order.",
        ],
        fixes: &[
            (
                "CA",
                "Reissue with `subjectAltName`: every host name as `DNS:`, every address as \
                    `IP:`. A name in the CN has to be repeated in the SAN.",
            ),
            (
                "OpenSSL",
                "`openssl req -new -key KEY -subj /CN=HOST -addext \"subjectAltName=DNS:HOST\"`; \
                    when signing with `openssl x509 -req`, add `-copy_extensions copy` (3.0 or \
                    later) or `-extfile`, or the SAN is lost.",
            ),
            (
                "AD CS",
                "Have the template build the subject from the request, with the DNS names in it.",
            ),
            (
                "nginx",
                "Put the reissued chain into `ssl_certificate`, then reload.",
            ),
            (
                "Apache",
                "Put the reissued chain into `SSLCertificateFile`, then reload.",
            ),
            (
                "Postfix",
                "Put the reissued chain into `smtpd_tls_chain_files`, then `postfix reload`.",
            ),
            (
                "Dovecot",
                "Put the reissued chain into `ssl_server_cert_file` (2.3: `ssl_cert`), then \
                    `doveadm reload`.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST </dev/null | openssl x509 \
            -noout -subject -ext subjectAltName",
    },
    ja: Text {
        title: "SAN（サブジェクトの別名）がありません",
        meaning: "ホスト名がサブジェクトの CN（コモンネーム）にしかなく、照合に使われる SAN があり\
            ません。CN による照合は 2000 年の RFC 2818 ですでに非推奨とされ、RFC 9525 で使わない\
            ことになりました。ブラウザー、Apple の OS、Go は CN を無視します。パブリック認証局は\
            必ず SAN を入れるため、プライベート認証局、機器、古いスクリプトで作られた証明書と考え\
            られます。CN を使うプログラムも残っているため、環境によって接続できることもあります。",
        check_first: &[
            "発行者を確認します。こちら側の検査用プロキシが発行したものなら、サーバーの本来の証明\
                書には問題がないかもしれません。",
        ],
        fixes: &[
            (
                "認証局",
                "`subjectAltName` を付けて再発行します。ホスト名は `DNS:`、IP アドレスは `IP:` と\
                    して、すべて SAN に入れます。CN に書いた名前も SAN に必要です。",
            ),
            (
                "OpenSSL",
                "`openssl req -new -key KEY -subj /CN=HOST -addext \"subjectAltName=DNS:HOST\"` \
                    で CSR を作成します。`openssl x509 -req` で署名するときは `-copy_extensions \
                    copy`（3.0 以降）または `-extfile` を付けないと SAN が失われます。",
            ),
            (
                "AD CS",
                "テンプレートでサブジェクト名を要求に含める設定にし、要求に DNS 名を入れます。",
            ),
            (
                "nginx",
                "再発行した証明書チェーンを `ssl_certificate` に指定し、リロードします。",
            ),
            (
                "Apache",
                "再発行した証明書チェーンを `SSLCertificateFile` に指定し、リロードします。",
            ),
            (
                "Postfix",
                "再発行した証明書チェーンを `smtpd_tls_chain_files` に指定し、`postfix reload` を\
                    実行します。",
            ),
            (
                "Dovecot",
                "再発行した証明書チェーンを `ssl_server_cert_file`（2.3 では `ssl_cert`）に指定\
                    し、`doveadm reload` を実行します。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST </dev/null | openssl x509 \
            -noout -subject -ext subjectAltName",
    },
};
