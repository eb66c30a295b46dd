//! The path ends at a root that no chosen store contains (or that a required store lacks), or at an
//! issuer whose certificate is unknown.

use super::{Definition, Doc, Needs, Text, missing_intermediate};
use crate::judge::case::Case;
use crate::judge::evaluated_path::Ending;
use crate::judge::graph::Source;
use crate::verdict::{Finding, FindingId, Severity, Side, UntrustedReason, VerdictKind};

/// The definition of `untrusted_ca`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::UntrustedCa,
    verdict: Some(VerdictKind::UntrustedCa),
    severity: Severity::Error,
    side: Side::Server,
    needs: Needs::Nothing,
    evidence: &[
        (
            "reason",
            "untrusted_root if the root is in no chosen store; issuer_unknown if the \
            issuer's certificate is unknown",
        ),
        (
            "issuer",
            "subject of the root, or name of the unknown issuer",
        ),
        ("root_sent", "true if the server sent that root"),
        (
            "fingerprint",
            "SHA-256 of the root; absent for issuer_unknown",
        ),
        (
            "ca_issuers",
            "AIA URLs for the unknown issuer, from the last certificate on the path",
        ),
        (
            "aia_error",
            "with --aia, why the download from each of these URLs did not help",
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
            ("reason", UntrustedReason::UntrustedRoot.into()),
            ("issuer", contents.subject.text.as_str().into()),
            ("root_sent", (top.source == Source::Sent).into()),
            ("fingerprint", top.certificate.sha256.into()),
        ],
        Ending::Absent if !chain.lacks_issuer_of_leaf() => {
            let mut evidence = vec![
                ("reason", UntrustedReason::IssuerUnknown.into()),
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
        meaning: "The root of the CA that issued the certificate is in none of the chosen trust \
            stores (with `--require-store`, it is missing from at least one of the named stores), \
            or an issuer's certificate is unknown. In the second case (`issuer_unknown`), the \
            certificate above the last one on the path is missing. If the last one is a CA \
            certificate, the missing one is usually a root, which a server does not have to send, \
            and occasionally another intermediate. If the last one is the server certificate and \
            contains no URL of its issuer (AIA), the missing one is often an intermediate, which \
            the server must send. For an internal service with a private CA, this result is normal \
            and only means that the scan was not given the root. On a public service, visitors see \
            a warning. Either the CA is private, the trust stores have removed the CA, or the \
            wrong certificate is installed. If the same unexpected issuer appears on unrelated \
            hosts, a device between the scanner and the hosts is decrypting the connections.",
        check_first: &[
            "If only the server certificate was sent (`issuer_unknown`), first give the CA's \
                intermediates: `--intermediates FILE`. If they complete the chain, the verdict \
                is `missing_intermediate`.",
            "Check the issuer. If an external site shows the name of a firewall, a proxy, an \
                antivirus product or your own company, TLS inspection is active. Scan from \
                another network.",
            "If the issuer is your own private CA, add its root to the scan: `--trust root.pem` \
                together with `--trust mozilla`.",
            "If only old devices fail, their trust store is outdated. For example, Android before \
                7.1.1 does not contain ISRG Root X1. Update the device.",
        ],
        fixes: &[
            (
                "Public service",
                "Get a certificate from a CA in the public root programs, and send it with its \
                    intermediates.",
            ),
            (
                "Internal service",
                "Distribute the root of the private CA to the clients, never the server \
                    certificate itself: group policy, MDM, `update-ca-certificates`, Java \
                    `keytool -importcert -cacerts`.",
            ),
            (
                "nginx",
                "Set `ssl_certificate` to the server certificate and intermediates. A private \
                    root does not belong there. `ssl_trusted_certificate` and \
                    `ssl_client_certificate` do not remove the warning for visitors.",
            ),
            (
                "Apache",
                "Set `SSLCertificateFile` to the server certificate and intermediates. \
                    `SSLCACertificateFile` is only for client certificates.",
            ),
            (
                "Postfix",
                "Set `smtpd_tls_chain_files`. `smtpd_tls_CAfile` is for client certificates.",
            ),
            (
                "Dovecot",
                "Set `ssl_server_cert_file` (2.3: `ssl_cert`). `ssl_server_ca_file` (2.3: \
                    `ssl_ca`) is for client certificates.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -showcerts",
    },
    ja: Text {
        title: "発行元の認証局が信頼されていません",
        meaning: "証明書を発行した認証局のルート証明書が、選択したどのトラストストアにも登録さ\
            れていないか（`--require-store` を指定した場合は、指定したストアのうち少なくとも 1 つ\
            に登録されていないか）、発行元の証明書が見つかりません。後者（`issuer_unknown`）では、\
            パスの最後の証明書の発行元が不明です。最後が認証局の証明書の場合、不足しているのは多く\
            はサーバーが送信する必要のないルート証明書ですが、さらに上位の中間証明書のこともありま\
            す。最後がサーバー証明書で、発行元の URL（AIA）が含まれていない場合は、サーバーが送信\
            すべき中間証明書が不足していることが多くあります。プライベート認証局を使う社内サービス\
            では正常な結果であり、スキャンにルート証明書を指定していないことを示すだけです。公開サ\
            ービスの場合は、利用者に警告が表示されます。プライベート認証局を使っているか、認証局が\
            トラストストアから削除されたか、誤った証明書が設定されています。関連のない複数のホスト\
            に同じ想定外の発行者が現れる場合は、経路上の機器が通信を復号しています。",
        check_first: &[
            "サーバー証明書だけが送信されている場合（`issuer_unknown`）は、まず `--intermediates \
                FILE` で認証局の中間証明書を指定します。チェーンが完成すれば、判定は \
                `missing_intermediate` になります。",
            "発行者を確認します。外部のサイトで、ファイアウォール、プロキシ、ウイルス対策ソフト、\
                自社の名前が表示される場合は、TLS インスペクションが行われています。別の回線からス\
                キャンします。",
            "自社のプライベート認証局の場合は、`--trust mozilla` とあわせて `--trust root.pem` を\
                指定し、ルート証明書をスキャンに追加します。",
            "古い端末だけで失敗する場合は、端末のトラストストアが古いことが原因です。たとえば、\
                7.1.1 より前の Android には ISRG Root X1 がありません。端末を更新します。",
        ],
        fixes: &[
            (
                "公開サービス",
                "主要なルートプログラムに登録された認証局から証明書を取得し、中間証明書とあわせて\
                    送信します。",
            ),
            (
                "社内サービス",
                "プライベート認証局のルート証明書をクライアントに配布します（グループポリシー、\
                    MDM、`update-ca-certificates`、Java の `keytool -importcert -cacerts`）。サー\
                    バー証明書自体は配布しないでください。",
            ),
            (
                "nginx",
                "`ssl_certificate` には、サーバー証明書と中間証明書を指定します。プライベート認証\
                    局のルート証明書は不要です。`ssl_trusted_certificate` や \
                    `ssl_client_certificate` を設定しても、利用者の警告は解消しません。",
            ),
            (
                "Apache",
                "`SSLCertificateFile` には、サーバー証明書と中間証明書を指定します。\
                    `SSLCACertificateFile` はクライアント証明書の検証用です。",
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
