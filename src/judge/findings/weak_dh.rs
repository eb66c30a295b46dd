//! The prime of the Diffie-Hellman key exchange is too short.

use super::{Definition, Doc, Needs, Text};
use crate::judge::case::Case;
use crate::verdict::{Finding, FindingId, Severity, Side};

/// Below this no current client connects.
const LEAST: u16 = 1024;

/// What is recommended (RFC 9325 section 4.5).
const ENOUGH: u16 = 2048;

/// The definition of `weak_dh`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::WeakDh,
    verdict: None,
    severity: Severity::Warning,
    side: Side::Server,
    needs: Needs::Nothing,
    evidence: &[
        ("bits", "the size of the prime"),
        ("cipher", "the suite that was chosen"),
    ],
    look,
    doc: &DOC,
};

fn look(case: &Case<'_>) -> Vec<Finding> {
    let session = case.session();
    let bits = session.and_then(|session| session.dh_bits);
    let (Some(session), Some(bits)) = (session, bits.filter(|bits| *bits < ENOUGH)) else {
        return Vec::new();
    };
    let mut finding = FINDING.found(vec![
        ("bits", i64::from(bits).into()),
        (
            "cipher",
            crate::tls::cipher_suite_text(session.cipher)
                .as_ref()
                .into(),
        ),
    ]);
    if bits < LEAST {
        finding.severity = Severity::Error;
    }
    vec![finding]
}

const DOC: Doc = Doc {
    en: Text {
        title: "The Diffie-Hellman group is too small",
        meaning: "The server agreed on a key by Diffie-Hellman (DHE) with a prime of less than \
            2048 bits. Groups of 512 bits have been broken in minutes and those of 1024 bits are \
            within reach of states (Logjam, 2015). Below 1024 bits no current client connects, \
            which makes this an error; at 1024 bits OpenSSL refuses on Debian and Ubuntu. Chrome \
            and Firefox do not offer DHE at all, so this concerns mail servers, curl, Java and \
            other programs.",
        check_first: &[
            "See whether the server also accepts ECDHE (`--facts ciphers`): clients that have both \
                then use that, and only old ones meet the small group.",
        ],
        fixes: &[
            (
                "nginx",
                "Remove DHE suites from `ssl_ciphers`, or set `ssl_dhparam` to a file with the \
                    ffdhe2048 group (`openssl genpkey -genparam -algorithm DH -pkeyopt \
                    group:ffdhe2048`).",
            ),
            (
                "Apache",
                "Remove DHE suites from `SSLCipherSuite`, or append the ffdhe2048 group to \
                    `SSLCertificateFile`. Versions before 2.4.7 cannot do more than 1024 bits.",
            ),
            (
                "Postfix",
                "Remove `smtpd_tls_dh1024_param_file`: from 3.6 on the built-in group has 2048 \
                    bits.",
            ),
            (
                "Dovecot",
                "Set `ssl_server_dh_file` (2.3: `ssl_dh`) to a file with 2048 bits or more.",
            ),
            ("Java", "Start with `-Djdk.tls.ephemeralDHKeySize=2048`."),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -tls1_2 -cipher \
            DHE:@SECLEVEL=0",
    },
    ja: Text {
        title: "Diffie-Hellman グループが小さすぎます",
        meaning: "2048 ビット未満の素数による Diffie-Hellman（DHE）で鍵交換が行われました。512 ビッ\
            トは数分で解読された例があり、1024 ビットも国家規模の攻撃者なら手が届きます（2015 年の \
            Logjam）。1024 ビット未満では現在のクライアントは接続しないため、エラーとしています。\
            1024 ビットは、Debian や Ubuntu の OpenSSL が拒否します。Chrome と Firefox は DHE を提示\
            しないため、影響を受けるのはメールサーバー、curl、Java などです。",
        check_first: &[
            "サーバーが ECDHE も受け付けるか確認します（`--facts ciphers`）。両方に対応するクライア\
                ントは ECDHE を使うため、影響は古いクライアントに限られます。",
        ],
        fixes: &[
            (
                "nginx",
                "`ssl_ciphers` から DHE を外すか、`ssl_dhparam` に ffdhe2048 グループのファイルを\
                    指定します（`openssl genpkey -genparam -algorithm DH -pkeyopt \
                    group:ffdhe2048`）。",
            ),
            (
                "Apache",
                "`SSLCipherSuite` から DHE を外すか、`SSLCertificateFile` に ffdhe2048 グループを追\
                    加します。2.4.7 より前のバージョンは 1024 ビットまでです。",
            ),
            (
                "Postfix",
                "`smtpd_tls_dh1024_param_file` を削除します。3.6 以降の標準グループは 2048 ビットで\
                    す。",
            ),
            (
                "Dovecot",
                "`ssl_server_dh_file`（2.3 では `ssl_dh`）に 2048 ビット以上のファイルを指定しま\
                    す。",
            ),
            (
                "Java",
                "`-Djdk.tls.ephemeralDHKeySize=2048` を付けて起動します。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -tls1_2 -cipher \
            DHE:@SECLEVEL=0",
    },
};
