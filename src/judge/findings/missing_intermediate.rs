//! The certificates sent do not reach a trusted root. Either certificates from another source
//! complete the path, or the leaf was sent alone and contains an AIA URL for its issuer.

use super::{Definition, Doc, MAX_LISTED, Needs, Text};
use crate::judge::case::{Case, ChainCase};
use crate::judge::evaluated_path::Ending;
use crate::judge::graph::Source;
use crate::observation::{Certificate, Contents};
use crate::verdict::{CompletedBy, Finding, FindingId, Severity, Side, Value, VerdictKind};

/// The definition of `missing_intermediate`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::MissingIntermediate,
    verdict: Some(VerdictKind::MissingIntermediate),
    severity: Severity::Error,
    side: Side::Server,
    needs: Needs::Nothing,
    evidence: &[
        (
            "confirmed",
            "true if certificates from another source complete the path",
        ),
        (
            "completed_by",
            "source of those certificates if confirmed: bundle, sweep or aia",
        ),
        (
            "missing",
            "subjects of the missing certificates, if confirmed",
        ),
        (
            "fingerprints",
            "SHA-256 of the missing certificates, if confirmed",
        ),
        (
            "append",
            "certificates to add after those sent, in order, each with its source, if confirmed",
        ),
        (
            "fetched_from",
            "with aia, URLs from which the missing certificates were downloaded",
        ),
        (
            "issuer",
            "issuer of the last certificate that was sent on the path; its certificate is \
            missing",
        ),
        (
            "ca_issuers",
            "AIA URLs for the issuer, from the same certificate",
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
    // The server left out every certificate on the path above the last one that it sent.
    let sent = chain
        .path()
        .take_while(|(_, step, _)| step.source == Source::Sent);
    let Some((_, _, last)) = sent.last() else {
        return Vec::new();
    };
    let evidence = match chain.choice.best.ending {
        Ending::Completed(by) => confirmed(case, chain, by),
        Ending::Absent if chain.lacks_issuer_of_leaf() => {
            let mut evidence = vec![("confirmed", false.into())];
            evidence.extend(aia_error(case, last));
            evidence
        }
        _ => return Vec::new(),
    };
    let issuer = ("issuer", last.issuer.text.as_str().into());
    let evidence = evidence.into_iter().chain([issuer, ca_issuers(last)]);
    vec![FINDING.found(evidence.collect())]
}

/// Returns the AIA URLs for the issuer of this certificate.
pub(super) fn ca_issuers(last: &Contents) -> (&'static str, Value) {
    let addresses = last.ca_issuers.iter().take(MAX_LISTED).cloned();
    ("ca_issuers", addresses.collect::<Vec<_>>().into())
}

/// Returns why no AIA URL helped, or `None` if none was requested.
pub(super) fn aia_error(case: &Case<'_>, last: &Contents) -> Option<(&'static str, Value)> {
    let fetched = case.policy.fetched.as_ref()?;
    let failed = last.ca_issuers.iter().take(MAX_LISTED).map(|address| {
        let reason = fetched.failure(last, address);
        format!("{address}: {reason}")
    });
    Some(("aia_error", failed.collect::<Vec<_>>().into()))
}

fn confirmed(
    case: &Case<'_>,
    chain: &ChainCase<'_>,
    by: CompletedBy,
) -> Vec<(&'static str, Value)> {
    let missing = || {
        chain
            .path()
            .filter(|(_, step, _)| step.source != Source::Sent)
    };
    let subjects = missing().map(|(_, _, contents)| contents.subject.text.clone());
    let fingerprints = missing().map(|(_, step, _)| step.certificate.sha256.to_string());
    let fetched = || {
        missing().filter_map(|(_, step, _)| match step.source {
            Source::Pool(CompletedBy::Aia) => source(case, &step.certificate),
            _ => None,
        })
    };
    let append = missing().map(|(_, step, contents)| {
        let place = match step.source {
            Source::Pool(CompletedBy::Bundle) => "the file of --intermediates",
            Source::Pool(CompletedBy::Aia) => source(case, &step.certificate).unwrap_or_default(),
            Source::Pool(CompletedBy::Sweep) | Source::Sent => "the file of --certs",
        };
        let (subject, sha256) = (&contents.subject.text, step.certificate.sha256);
        format!("{subject}, SHA-256 {sha256}, from {place}")
    });
    let mut evidence = vec![
        ("confirmed", true.into()),
        ("completed_by", by.into()),
        ("missing", subjects.collect::<Vec<_>>().into()),
        ("fingerprints", fingerprints.collect::<Vec<_>>().into()),
        ("append", append.collect::<Vec<_>>().into()),
    ];
    if by == CompletedBy::Aia {
        let fetched = fetched().map(str::to_owned);
        evidence.push(("fetched_from", fetched.collect::<Vec<_>>().into()));
    }
    evidence
}

fn source<'a>(case: &Case<'a>, certificate: &Certificate) -> Option<&'a str> {
    case.policy.fetched.as_ref()?.source(certificate)
}

const DOC: Doc = Doc {
    en: Text {
        title: "The server does not send an intermediate certificate",
        meaning: "The certificates that the server sends do not lead to a trusted root, because an \
            intermediate certificate is missing. `confirmed: true` means that tlsweep completed \
            the chain with certificates from another source. To fix the problem, add the \
            certificates listed in `append` to the chain, in that order, after the certificates \
            already sent. `confirmed: false` means that the server sent only its own certificate \
            and tlsweep does not have the issuer's certificate. The server certificate contains a \
            URL for the issuer's certificate (AIA), and `--aia` downloads it. Browsers often hide \
            this fault because they download or remember missing intermediates. Other programs, \
            older phones, mail servers and payment systems usually do not, so the service works \
            for some clients and fails for others.",
        check_first: &[
            "Do not test with a desktop browser, because it may complete the chain by itself. Use \
                `openssl s_client` or curl.",
            "Check every server behind a load balancer, and the mail service as well as the web \
                service. Each service has its own chain setting.",
            "Confirm that the intermediate comes from the CA that issued this certificate. The CA \
                may use another intermediate after a renewal.",
        ],
        fixes: &[
            (
                "nginx",
                "Point `ssl_certificate` at one file that contains the server certificate first \
                    and then the intermediates (certbot: `fullchain.pem`, not `cert.pem`). Then \
                    reload.",
            ),
            (
                "Apache",
                "In 2.4.8 or later, point `SSLCertificateFile` at such a file. In earlier \
                    versions, add `SSLCertificateChainFile chain.pem`.",
            ),
            (
                "Postfix",
                "List the key and the full chain in `smtpd_tls_chain_files` (3.4 or later), or \
                    point `smtpd_tls_cert_file` at `fullchain.pem`.",
            ),
            (
                "Dovecot",
                "Point `ssl_server_cert_file` at `fullchain.pem` (2.3: `ssl_cert = \
                    </path/fullchain.pem`). `ssl_ca` is for client certificates and does not help.",
            ),
            (
                "IIS",
                "Import the intermediate into \"Intermediate Certification Authorities\" of the \
                    local computer, then bind the certificate again.",
            ),
            (
                "HAProxy",
                "Put the certificate, the intermediates and the key, in this order, into the file \
                    that `crt` names.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -showcerts",
    },
    ja: Text {
        title: "中間証明書が送信されていません",
        meaning: "サーバーが中間証明書を送信していないため、送信された証明書だけでは、信頼されたルー\
            ト証明書まで検証できません。`confirmed: true` は、別の場所から得た証明書を補うと証明書\
            チェーンが完成したことを示します。送信済みの証明書の後に、`append` に示された証明書を\
            その順に追加すると解決します。`confirmed: false` は、サーバー証明書だけが送信され、発\
            行元の証明書が手元になかったことを示します。サーバー証明書には発行元の証明書の URL（AIA）\
            が含まれており、`--aia` を指定すると取得できます。ブラウザーは、不足している中間証明書\
            をダウンロードしたり、保存済みのものを使ったりするため、問題に気付きにくくなります。そ\
            れ以外のプログラム、古いスマートフォン、メールサーバー、決済システムの多くは補わないた\
            め、接続に失敗します。",
        check_first: &[
            "パソコンのブラウザーは、不足している証明書を自動的に補うことがあります。確認には \
                `openssl s_client` や curl を使います。",
            "ロードバランサー配下のすべてのサーバーを確認します。証明書チェーンはサービスごとに設\
                定するため、Web だけでなくメールも確認します。",
            "サーバー証明書を発行した認証局の中間証明書であることを確認します。更新時に中間証明書\
                が変わることがあります。",
        ],
        fixes: &[
            (
                "nginx",
                "サーバー証明書、中間証明書の順に連結した 1 つのファイルを `ssl_certificate` に指\
                    定し、リロードします（certbot では `cert.pem` ではなく `fullchain.pem`）。",
            ),
            (
                "Apache",
                "2.4.8 以降では、同様に連結したファイルを `SSLCertificateFile` に指定します。それ\
                    より前のバージョンでは、`SSLCertificateChainFile chain.pem` を追加します。",
            ),
            (
                "Postfix",
                "`smtpd_tls_chain_files`（3.4 以降）に秘密鍵と証明書チェーン全体を指定するか、\
                    `smtpd_tls_cert_file` に `fullchain.pem` を指定します。",
            ),
            (
                "Dovecot",
                "`ssl_server_cert_file` に `fullchain.pem` を指定します（2.3 では `ssl_cert = \
                    </path/fullchain.pem`）。`ssl_ca` はクライアント証明書の検証用であり、この問題\
                    は解決しません。",
            ),
            (
                "IIS",
                "ローカルコンピューターの「中間証明機関」に中間証明書をインポートし、バインドを設\
                    定し直します。",
            ),
            (
                "HAProxy",
                "`crt` で指定したファイルに、サーバー証明書、中間証明書、秘密鍵をこの順に入れま\
                    す。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -showcerts",
    },
};
