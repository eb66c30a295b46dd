//! What was sent does not reach a trusted root; certificates known from elsewhere show that it
//! could, or the certificate says where its issuer can be had.

use super::{Definition, Doc, MAX_LISTED, Needs, Text};
use crate::judge::case::{Case, ChainCase};
use crate::judge::graph::Source;
use crate::judge::outcome::Ending;
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
            "whether certificates known from elsewhere complete the path",
        ),
        ("completed_by", "bundle, sweep or aia, when confirmed"),
        (
            "missing",
            "subjects of the certificates left out, when confirmed",
        ),
        ("fingerprints", "SHA-256 of the same"),
        (
            "append",
            "which certificates to send after those sent, in this order, and where to get each",
        ),
        (
            "fetched_from",
            "the addresses that missing certificates were had from, with aia",
        ),
        ("issuer", "whose certificate is absent"),
        (
            "ca_issuers",
            "where the last certificate sent says its issuer can be had",
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
    // The path above the last certificate that was sent is what the server left out.
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

/// Where this certificate's issuer can be had.
pub(super) fn ca_issuers(last: &Contents) -> (&'static str, Value) {
    let addresses = last.ca_issuers.iter().take(MAX_LISTED).cloned();
    ("ca_issuers", addresses.collect::<Vec<_>>().into())
}

/// Why none of these addresses helped, where they were asked.
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
    let word = match by {
        CompletedBy::Bundle => "bundle",
        CompletedBy::Sweep => "sweep",
        CompletedBy::Aia => "aia",
    };
    let mut evidence = vec![
        ("confirmed", true.into()),
        ("completed_by", word.into()),
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
        title: "The server leaves out an intermediate certificate",
        meaning: "What the server sends does not reach a trusted root, because a certificate \
            between its own and the root is missing. With `confirmed: true` the gap was closed \
            with a certificate known from elsewhere, so sending that one is the whole repair: \
            `append` names what to send after the certificates already sent, in this order. \
            With `confirmed: false` the server sent its own certificate alone and the issuer was not at hand, but the certificate names an \
            address where it can be fetched (`--aia` does). Browsers often hide the fault, because they fetch \
            or remember the missing certificate. Programs, older phones, mail servers and \
            payment partners do not, so it \"works on my machine\" while others fail.",
        check_first: &[
            "Do not test with a desktop browser, which fills the gap by itself. Use `openssl \
                s_client` or curl.",
            "Check every machine behind a load balancer, and mail as well as web: the chain file \
                is set for each service.",
            "Confirm that the file came from the CA that issued this certificate; after a renewal \
                the CA may use another intermediate.",
        ],
        fixes: &[
            (
                "nginx",
                "Point `ssl_certificate` at one file with the server certificate first and the \
                    intermediates after it (certbot: `fullchain.pem`, not `cert.pem`), then \
                    reload.",
            ),
            (
                "Apache",
                "From 2.4.8 put the same file into `SSLCertificateFile`; before that, add \
                    `SSLCertificateChainFile chain.pem`.",
            ),
            (
                "Postfix",
                "List key and full chain in `smtpd_tls_chain_files` (3.4 or later), or use \
                    `fullchain.pem` for `smtpd_tls_cert_file`.",
            ),
            (
                "Dovecot",
                "Use `fullchain.pem` for `ssl_server_cert_file` (2.3: `ssl_cert = \
                    </path/fullchain.pem`). `ssl_ca` is for client certificates and does not \
                    help.",
            ),
            (
                "IIS",
                "Import the intermediate into \"Intermediate Certification Authorities\" of the \
                    local computer, then bind the certificate again.",
            ),
            (
                "HAProxy",
                "The `crt` file holds certificate, intermediates and key, in this order.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -showcerts",
    },
    ja: Text {
        title: "中間証明書が送信されていません",
        meaning: "サーバー証明書とルート証明書をつなぐ中間証明書が足りず、送られてきた証明書だけで\
            は信頼するルートに到達できません。`confirmed: true` は別の場所で得た中間証明書を補う\
            と検証に成功したことを表し、その証明書を送るように設定すれば解決します。送信済みの証明\
            書の後に追加すべき証明書が `append` に順番どおり示されます。`confirmed: false` は発行元の証明書を入手できなかったものの、証明書に取得先（caIssuers）の URL が\
            書かれている場合です。ブラウザーは不足分を自動で取得したり保存済みのもので補ったりす\
            るため気付きにくく、プログラム、古いスマートフォン、メールサーバー、決済などの連携先\
            では失敗します。",
        check_first: &[
            "パソコンのブラウザーは不足分を補ってしまうため、確認には `openssl s_client` や curl \
                を使います。",
            "ロードバランサー配下のすべてのサーバーと、Web だけでなくメールも確認します。証明書チ\
                ェーンの設定はサービスごとに必要です。",
            "この証明書を発行した認証局の中間証明書かどうかを確認します。更新時に中間認証局が変わ\
                ることがあります。",
        ],
        fixes: &[
            (
                "nginx",
                "サーバー証明書、中間証明書の順に連結した 1 つのファイルを `ssl_certificate` に指\
                    定し（certbot では `cert.pem` ではなく `fullchain.pem`）、リロードします。",
            ),
            (
                "Apache",
                "2.4.8 以降は同じファイルを `SSLCertificateFile` に指定します。それより前は \
                    `SSLCertificateChainFile chain.pem` を追加します。",
            ),
            (
                "Postfix",
                "3.4 以降は `smtpd_tls_chain_files` に秘密鍵と証明書チェーンを指定します。または \
                    `smtpd_tls_cert_file` に `fullchain.pem` を指定します。",
            ),
            (
                "Dovecot",
                "`ssl_server_cert_file`（2.3 では `ssl_cert = </パス/fullchain.pem`）に \
                    `fullchain.pem` を指定します。`ssl_ca` はクライアント証明書の検証用で、この問\
                    題には効果がありません。",
            ),
            (
                "IIS",
                "ローカルコンピューターの「中間証明機関」に中間証明書をインポートし、バインドを設\
                    定し直します。",
            ),
            (
                "HAProxy",
                "`crt` で指定するファイルに、証明書、中間証明書、秘密鍵をこの順に入れます。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -showcerts",
    },
};
