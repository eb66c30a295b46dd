//! The path ends in a root that no chosen store has (or not each that is required), or at an issuer
//! that is unknown everywhere.

use super::{Definition, Doc, Needs, Text, missing_intermediate};
use crate::judge::case::Case;
use crate::judge::graph::Source;
use crate::judge::outcome::Ending;
use crate::verdict::{Finding, FindingId, Severity, Side, VerdictKind};

/// The definition of `untrusted_ca`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::UntrustedCa,
    verdict: Some(VerdictKind::UntrustedCa),
    severity: Severity::Error,
    side: Side::Server,
    needs: Needs::Nothing,
    evidence: &[
        ("reason", "untrusted_root or issuer_unknown"),
        ("issuer", "the root, or the issuer that nobody knows"),
        ("root_sent", "whether the server sent that root"),
        ("fingerprint", "SHA-256 of the root, when it is at hand"),
        (
            "ca_issuers",
            "where the last certificate says its unknown issuer can be had",
        ),
        (
            "aia_error",
            "with --aia, why each of these addresses did not help",
        ),
    ],
    look,
    doc: &DOC,
};

fn look(case: &Case<'_>) -> Vec<Finding> {
    let Some(chain) = &case.chain else {
        return Vec::new();
    };
    let Some((_, top, contents)) = chain.path().last() else {
        return Vec::new();
    };
    let evidence = match chain.choice.best.ending {
        Ending::Root => vec![
            ("reason", "untrusted_root".into()),
            ("issuer", contents.subject.text.as_str().into()),
            ("root_sent", (top.source == Source::Sent).into()),
            ("fingerprint", top.certificate.sha256.into()),
        ],
        Ending::Absent if !chain.lacks_issuer_of_leaf() => {
            let mut evidence = vec![
                ("reason", "issuer_unknown".into()),
                ("issuer", contents.issuer.text.as_str().into()),
                ("root_sent", false.into()),
            ];
            if !contents.ca_issuers.is_empty() {
                evidence.push(missing_intermediate::ca_issuers(contents));
                evidence.extend(missing_intermediate::aia_error(case, contents));
            }
            evidence
        }
        _ => return Vec::new(),
    };
    vec![FINDING.found(evidence)]
}

const DOC: Doc = Doc {
    en: Text {
        title: "The issuer is not trusted",
        meaning: "The certificate was issued by a CA whose root is in none of the chosen trust \
            stores (with `--require-store`, not in each of those named), or by an issuer that is \
            unknown everywhere (`issuer_unknown`): above a CA's own certificate that is mostly a \
            root, which no server has to send, and now and then a further intermediate. For an internal service with a \
            private CA this is normal and only means that the scan was not given that root. On a \
            public service it means that visitors see a warning: the CA is private, was removed \
            from the trust stores, or the wrong certificate is installed. When one unexpected \
            issuer shows up across unrelated hosts, a device between us and them is opening the \
            connections.",
        check_first: &[
            "Read the issuer. The name of a firewall, a proxy, an antivirus product or the own \
                company on foreign sites means TLS inspection: scan from another line.",
            "If it is the own private CA, add its root to the scan: `--trust root.pem`, next to \
                `--trust mozilla`.",
            "If only old devices complain, their root store is old (ISRG Root X1 is missing \
                before Android 7.1.1, for example): update the device.",
        ],
        fixes: &[
            (
                "Public service",
                "Get a certificate from a CA in the public root programs and serve it with its \
                    intermediates.",
            ),
            (
                "Internal service",
                "Distribute the private CA's root, never the server's own certificate, to the \
                    clients: group policy, MDM, `update-ca-certificates`, Java `keytool \
                    -importcert -cacerts`.",
            ),
            (
                "nginx",
                "`ssl_certificate` takes server certificate and intermediates. A private root \
                    does not belong there; `ssl_trusted_certificate` and \
                    `ssl_client_certificate` change nothing for visitors.",
            ),
            (
                "Apache",
                "`SSLCertificateFile` takes server certificate and intermediates; \
                    `SSLCACertificateFile` is for client certificates only.",
            ),
            (
                "Postfix",
                "Set `smtpd_tls_chain_files`; `smtpd_tls_CAfile` is for client certificates.",
            ),
            (
                "Dovecot",
                "Set `ssl_server_cert_file` (2.3: `ssl_cert`); `ssl_server_ca_file` (2.3: \
                    `ssl_ca`) is for client certificates.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -showcerts",
    },
    ja: Text {
        title: "信頼されていない認証局の証明書です",
        meaning: "証明書を発行した認証局のルートが、選択したどのトラストストアにもないか（\
            `--require-store` を指定した場合は、指定したストアのいずれかにないか）、発行元が\
            まったく分かりません。プライベート認証局を使う社内サービスでは正常な状態で、スキャン\
            にそのルートを渡していないだけです。公開サービスの場合は、プライベート認証局の証明\
            書、トラストストアから除外された認証局の証明書、または誤った証明書が設定されており、\
            利用者に警告が表示されます。無関係な複数のホストに同じ意外な発行元が現れるときは、途\
            中の機器が通信を復号しています。",
        check_first: &[
            "発行者名を確認します。外部サイトなのにファイアウォール、プロキシ、ウイルス対策ソフ\
                ト、自社の名前が出る場合は TLS インスペクションです。別の回線からスキャンします。",
            "自社のプライベート認証局であれば、`--trust mozilla` とあわせて `--trust root.pem` を\
                指定してスキャンします。",
            "古い端末だけで発生する場合は、端末のルート証明書が古いことが原因です（たとえば \
                Android 7.1.1 より前には ISRG Root X1 がありません）。端末を更新します。",
        ],
        fixes: &[
            (
                "公開サービス",
                "主要なルートプログラムに登録された認証局から証明書を取得し、中間証明書とあわせて\
                    設定します。",
            ),
            (
                "社内サービス",
                "サーバー証明書ではなく、プライベート認証局のルート証明書をクライアントに配布しま\
                    す（グループポリシー、MDM、`update-ca-certificates`、Java では `keytool \
                    -importcert -cacerts`）。",
            ),
            (
                "nginx",
                "`ssl_certificate` にはサーバー証明書と中間証明書を指定します。プライベートルート\
                    を入れる必要はありません。`ssl_trusted_certificate` や \
                    `ssl_client_certificate` を変更しても利用者側の警告は消えません。",
            ),
            (
                "Apache",
                "`SSLCertificateFile` にサーバー証明書と中間証明書を指定しま\
                    す。`SSLCACertificateFile` はクライアント証明書の検証用です。",
            ),
            (
                "Postfix",
                "`smtpd_tls_chain_files` を設定します。`smtpd_tls_CAfile` はクライアント証明書の検\
                    証用です。",
            ),
            (
                "Dovecot",
                "`ssl_server_cert_file`（2.3 では `ssl_cert`）を設定しま\
                    す。`ssl_server_ca_file`（2.3 では `ssl_ca`）はクライアント証明書の検証用で\
                    す。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -showcerts",
    },
};
