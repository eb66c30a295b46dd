//! The server signs its handshake over SHA-1 or MD5 although the client offers better.

use super::{Definition, Doc, Needs, Text};
use crate::judge::case::Case;
use crate::verdict::{Finding, FindingId, Severity, Side};

/// The definition of `sha1_handshake_signature`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::Sha1HandshakeSignature,
    verdict: None,
    severity: Severity::Warning,
    side: Side::Server,
    needs: Needs::Nothing,
    evidence: &[("signature", "the scheme of the handshake signature")],
    look,
    doc: &DOC,
};

/// The hash in the number of a TLS 1.2 signature scheme (RFC 5246 section 7.4.1.4.1): MD5 is 1 and
/// SHA-1 is 2.
const BROKEN_HASHES: [u16; 2] = [1, 2];

fn look(case: &Case<'_>) -> Vec<Finding> {
    // Below TLS 1.2 there is no other hash, and no scheme is named.
    let scheme = case.session().and_then(|session| session.signature);
    let Some(scheme) = scheme.filter(|scheme| BROKEN_HASHES.contains(&(scheme >> 8))) else {
        return Vec::new();
    };
    let name = crate::tls::signature_scheme_text(scheme);
    vec![FINDING.found(vec![("signature", name.as_ref().into())])]
}

const DOC: Doc = Doc {
    en: Text {
        title: "The handshake is signed over SHA-1",
        meaning: "In TLS 1.2 the server signs its key exchange, and this one did so over SHA-1 (or \
            MD5) although stronger hashes were offered first. RFC 9155 forbids it since 2021. \
            Chrome from version 117 on refuses, and so do Go and rustls; OpenSSL refuses at its \
            security level 1 and above from version 3 on. A server that only knows SHA-1 here is \
            an old TLS library, a hardware module without SHA-256, or an inspecting proxy. The \
            signature of the certificate is another matter: see `weak_signature`.",
        check_first: &[
            "Make sure that the answer is the server's and not that of an inspecting proxy on our \
                line.",
            "Some servers take the first scheme that fits: `openssl s_client -sigalgs \
                RSA+SHA256` shows whether this one can do better.",
        ],
        fixes: &[
            (
                "Any server",
                "Update the TLS library: OpenSSL signs over SHA-256 from 1.0.1 on. Put its \
                    signature algorithms back to the default.",
            ),
            (
                "nginx",
                "Remove `SignatureAlgorithms` from `ssl_conf_command` and from `openssl.cnf`.",
            ),
            (
                "IIS, Windows",
                "Keys in an old cryptographic provider cannot sign over SHA-256: import the \
                    certificate again with `certutil -csp \"Microsoft Software Key Storage \
                    Provider\" -importpfx`.",
            ),
            (
                "Load balancer, HSM",
                "Update the firmware, and choose a provider that signs over SHA-256.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -tls1_2 -sigalgs RSA+SHA256",
    },
    ja: Text {
        title: "ハンドシェイクが SHA-1 で署名されています",
        meaning: "TLS 1.2 では、サーバーが鍵交換の値に署名します。このサーバーは、より強いハッシュを\
            提示したにもかかわらず SHA-1（または MD5）で署名しました。RFC 9155（2021 年）はこれを禁\
            止しています。Chrome 117 以降、Go、rustls は拒否し、OpenSSL 3 以降もセキュリティレベル \
            1 以上では拒否します。古い TLS ライブラリ、SHA-256 に対応しない HSM、検査用プロキシなど\
            が原因です。証明書の署名とは別の問題です（そちらは `weak_signature`）。",
        check_first: &[
            "応答がサーバーのもので、こちらの回線の検査用プロキシのものではないことを確認します。",
            "最初に合う方式を選ぶサーバーもあります。`openssl s_client -sigalgs RSA+SHA256` で、より\
                強い署名ができるか確認します。",
        ],
        fixes: &[
            (
                "すべてのサーバー",
                "TLS ライブラリを更新します（OpenSSL は 1.0.1 以降で SHA-256 に対応）。署名アルゴリ\
                    ズムの設定は既定に戻します。",
            ),
            (
                "nginx",
                "`ssl_conf_command` と `openssl.cnf` から `SignatureAlgorithms` を削除します。",
            ),
            (
                "IIS、Windows",
                "古い暗号化プロバイダーの鍵は SHA-256 で署名できません。`certutil -csp \
                    \"Microsoft Software Key Storage Provider\" -importpfx` で証明書を取り込み直し\
                    ます。",
            ),
            (
                "ロードバランサー、HSM",
                "ファームウェアを更新し、SHA-256 で署名できるプロバイダーを選びます。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -tls1_2 -sigalgs RSA+SHA256",
    },
};
