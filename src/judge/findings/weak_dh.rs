//! The prime of the Diffie-Hellman key exchange is too small.

use super::{Definition, Doc, Needs, Text};
use crate::judge::case::Case;
use crate::verdict::{Finding, FindingId, Severity, Side};

/// Bits below which no current client connects.
const LEAST: u16 = 1024;

/// Recommended minimum in bits (RFC 9325 section 4.5).
const ENOUGH: u16 = 2048;

/// The definition of `weak_dh`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::WeakDh,
    verdict: None,
    severity: Severity::Warning,
    side: Side::Server,
    needs: Needs::Nothing,
    evidence: &[
        ("bits", "size of the prime in bits"),
        ("cipher", "the negotiated suite"),
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
        meaning: "The server used Diffie-Hellman key exchange (DHE) with a prime of less than 2048 \
            bits. Groups of 512 bits have been broken in minutes, and groups of 1024 bits are \
            within reach of nation states (Logjam, 2015). No current client connects with fewer \
            than 1024 bits, so in that case the finding is an error. OpenSSL refuses less than \
            2048 bits at security level 2, the default since 3.2 and on Debian and Ubuntu. Java \
            accepts 1024 bits or more. Chrome and Firefox do not offer DHE at all, so this affects \
            mail servers, curl, Java and other programs.",
        check_first: &[
            "Check whether the server also accepts ECDHE (`--facts ciphers`). If it does, clients \
                that support both use ECDHE, and only old clients use the small group.",
        ],
        fixes: &[
            (
                "nginx",
                "Remove the DHE suites from `ssl_ciphers`, or set `ssl_dhparam` to a file with \
                    the ffdhe2048 group (`openssl genpkey -genparam -algorithm DH -pkeyopt \
                    group:ffdhe2048`).",
            ),
            (
                "Apache",
                "Remove the DHE suites from `SSLCipherSuite`, or append the ffdhe2048 group to \
                    the file that `SSLCertificateFile` names. Versions before 2.4.7 support at \
                    most 1024 bits.",
            ),
            (
                "Postfix",
                "Remove `smtpd_tls_dh1024_param_file`. In 3.6 or later, the built-in group has \
                    2048 bits.",
            ),
            (
                "Dovecot",
                "Set `ssl_server_dh_file` (2.3: `ssl_dh`) to a file with a group of 2048 bits or \
                    more.",
            ),
            (
                "Java",
                "Start the program with `-Djdk.tls.ephemeralDHKeySize=2048`.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -tls1_2 -cipher \
            DHE:@SECLEVEL=0",
    },
    ja: Text {
        title: "Diffie-Hellman グループが小さすぎます",
        meaning: "サーバーが、2048 ビット未満の素数を使う Diffie-Hellman 鍵交換（DHE）を行いまし\
            た。512 ビットのグループは数分で解読された例があり、1024 ビットのグループも国家規模の\
            攻撃者であれば解読できるとされています（2015 年の Logjam）。1024 ビット未満の場合、現\
            在のクライアントは接続しないため、エラーとします。OpenSSL は、セキュリティレベル 2（3.2 \
            以降と、Debian および Ubuntu の既定値）で 2048 ビット未満を拒否します。Java は 1024 ビット\
            以上を受け入れます。Chrome と Firefox は DHE を提示しないため、影響を受けるのは\
            メールサーバー、curl、Java などのプログラムです。",
        check_first: &[
            "サーバーが ECDHE も受け入れるか確認します（`--facts ciphers`）。受け入れる場合、両方\
                に対応したクライアントは ECDHE を使うため、このグループを使うのは古いクライアント\
                だけです。",
        ],
        fixes: &[
            (
                "nginx",
                "`ssl_ciphers` から DHE の暗号スイートを削除するか、`ssl_dhparam` に ffdhe2048 グ\
                    ループのファイルを指定します（`openssl genpkey -genparam -algorithm DH \
                    -pkeyopt group:ffdhe2048`）。",
            ),
            (
                "Apache",
                "`SSLCipherSuite` から DHE の暗号スイートを削除するか、`SSLCertificateFile` で指定\
                    したファイルに ffdhe2048 グループを追加します。2.4.7 より前のバージョンは、\
                    1024 ビットまでしか対応していません。",
            ),
            (
                "Postfix",
                "`smtpd_tls_dh1024_param_file` を削除します。3.6 以降の標準グループは 2048 ビットで\
                    す。",
            ),
            (
                "Dovecot",
                "`ssl_server_dh_file`（2.3 では `ssl_dh`）に、2048 ビット以上のグループのファイル\
                    を指定します。",
            ),
            (
                "Java",
                "`-Djdk.tls.ephemeralDHKeySize=2048` を付けてプログラムを起動します。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -tls1_2 -cipher \
            DHE:@SECLEVEL=0",
    },
};
