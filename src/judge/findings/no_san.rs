//! The leaf has no subject alternative name, so clients that ignore the common name find no name.

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
    evidence: &[(
        "common_name",
        "common name of the subject; absent if there is none",
    )],
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
        meaning: "The certificate has no subject alternative name (SAN), which is the field that \
            clients compare with the host name. The host name is at most in the common name (CN) \
            of the subject. RFC 2818 deprecated matching by the CN in 2000, and RFC 9525 no \
            longer allows it. Browsers, Apple systems and Go ignore the CN. Public CAs always \
            include a SAN, so the certificate comes from a private CA, an appliance or an old \
            script. Some programs still use the CN, so connections may succeed in one place and \
            fail in another.",
        check_first: &[
            "Check the issuer. If it is a TLS-inspecting proxy on the scanning side, the server's \
                own certificate may be correct.",
        ],
        fixes: &[
            (
                "CA",
                "Reissue the certificate with `subjectAltName`: every host name as `DNS:` and \
                    every address as `IP:`. Repeat the name in the CN in the SAN.",
            ),
            (
                "OpenSSL",
                "Create the request with `openssl req -new -key KEY -subj /CN=HOST -addext \
                    \"subjectAltName=DNS:HOST\"`. When you sign with `openssl x509 -req`, add \
                    `-copy_extensions copy` (3.0 or later) or `-extfile`; otherwise the SAN is \
                    lost.",
            ),
            (
                "AD CS",
                "Configure the template to take the subject from the request, and include the DNS \
                    names in the request.",
            ),
            (
                "nginx",
                "Point `ssl_certificate` at the reissued chain, then reload.",
            ),
            (
                "Apache",
                "Point `SSLCertificateFile` at the reissued chain, then reload.",
            ),
            (
                "Postfix",
                "Point `smtpd_tls_chain_files` at the key and the reissued chain, then run \
                    `postfix reload`.",
            ),
            (
                "Dovecot",
                "Point `ssl_server_cert_file` (2.3: `ssl_cert`) at the reissued chain, then run \
                    `doveadm reload`.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST </dev/null | openssl x509 \
            -noout -subject -ext subjectAltName",
    },
    ja: Text {
        title: "SAN（サブジェクトの別名）がありません",
        meaning: "証明書に、ホスト名との照合に使われる SAN（サブジェクトの別名）がありません。ホス\
            ト名は、サブジェクトの CN（コモンネーム）にしか書かれていません。CN による照合は、\
            2000 年の RFC 2818 で非推奨となり、RFC 9525 では認められていません。ブラウザー、Apple \
            の OS、Go は CN を無視します。パブリック認証局は必ず SAN を含めるため、プライベート認\
            証局、アプライアンス、古いスクリプトで作成された証明書と考えられます。CN を使うプログ\
            ラムも残っているため、環境によっては接続できることがあります。",
        check_first: &[
            "発行者を確認します。スキャン元の、TLS インスペクションを行うプロキシが発行した証明書\
                であれば、サーバー本来の証明書には問題がない可能性があります。",
        ],
        fixes: &[
            (
                "認証局",
                "`subjectAltName` を付けて再発行します。すべてのホスト名を `DNS:`、すべての IP ア\
                    ドレスを `IP:` として含めます。CN に書いた名前も SAN に含めます。",
            ),
            (
                "OpenSSL",
                "`openssl req -new -key KEY -subj /CN=HOST -addext \"subjectAltName=DNS:HOST\"` \
                    で CSR を作成します。`openssl x509 -req` で署名する場合は、`-copy_extensions \
                    copy`（3.0 以降）または `-extfile` を付けます。付けないと SAN が失われます。",
            ),
            (
                "AD CS",
                "サブジェクト名を要求から取得するようにテンプレートを設定し、要求に DNS 名を含めま\
                    す。",
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
                "秘密鍵と再発行した証明書チェーンを `smtpd_tls_chain_files` に指定し、`postfix \
                    reload` を実行します。",
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
