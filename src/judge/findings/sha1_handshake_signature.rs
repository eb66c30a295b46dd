//! The server signs the handshake with SHA-1 or MD5 although the client offers stronger hashes.

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
    evidence: &[("signature", "signature scheme of the handshake")],
    look,
    doc: &DOC,
};

/// Hash numbers of MD5 (1) and SHA-1 (2) in a TLS 1.2 signature scheme (RFC 5246 section
/// 7.4.1.4.1).
const BROKEN_HASHES: [u16; 2] = [1, 2];

fn look(case: &Case<'_>) -> Vec<Finding> {
    // Before TLS 1.2 the hash is fixed, and the handshake names no scheme.
    let scheme = case.session().and_then(|session| session.signature);
    let Some(scheme) = scheme.filter(|scheme| BROKEN_HASHES.contains(&(scheme >> 8))) else {
        return Vec::new();
    };
    let name = crate::tls::signature_scheme_text(scheme);
    vec![FINDING.found(vec![("signature", name.as_ref().into())])]
}

const DOC: Doc = Doc {
    en: Text {
        title: "The handshake is signed with SHA-1 or MD5",
        meaning: "In TLS 1.2 the server signs its key exchange. This server used SHA-1 (or MD5) \
            although the client offered stronger hashes first. RFC 9155 (2021) forbids this. \
            Chrome 117 and later, Go and rustls refuse such signatures. OpenSSL 3 and later \
            refuses them at security level 1 and above. The usual cause is an old TLS library, a \
            hardware security module without SHA-256, or a TLS-inspecting proxy. This finding is \
            not about the signature of the certificate; see `weak_signature` for that.",
        check_first: &[
            "Confirm that the server itself answers, and not a TLS-inspecting proxy on the \
                scanning side.",
            "Some servers use the first suitable scheme. Run `openssl s_client -sigalgs \
                RSA+SHA256` to see whether this server supports a stronger one.",
        ],
        fixes: &[
            (
                "Any server",
                "Update the TLS library: OpenSSL signs with SHA-256 since 1.0.1. Restore the \
                    default signature algorithms.",
            ),
            (
                "nginx",
                "Remove `SignatureAlgorithms` from `ssl_conf_command` and from `openssl.cnf`.",
            ),
            (
                "IIS, Windows",
                "Keys in an old cryptographic provider cannot sign with SHA-256. Import the \
                    certificate again with `certutil -csp \"Microsoft Software Key Storage \
                    Provider\" -importpfx`.",
            ),
            (
                "Load balancer, HSM",
                "Update the firmware, and choose a provider that can sign with SHA-256.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -tls1_2 -sigalgs RSA+SHA256",
    },
    ja: Text {
        title: "ハンドシェイクが SHA-1 または MD5 で署名されています",
        meaning: "TLS 1.2 では、サーバーが鍵交換に署名します。クライアントがより強いハッシュを優先\
            して提示したにもかかわらず、このサーバーは SHA-1（または MD5）で署名しました。この署名\
            は RFC 9155（2021 年）で禁止されています。Chrome 117 以降、Go、rustls はこの署名を拒否\
            します。OpenSSL 3 以降も、セキュリティレベル 1 以上では拒否します。主な原因は、古い \
            TLS ライブラリ、SHA-256 に対応していない HSM、TLS インスペクションを行うプロキシです。\
            証明書の署名とは別の問題です（証明書の署名については `weak_signature` を参照してくださ\
            い）。",
        check_first: &[
            "サーバー自身が応答していることを確認します。スキャン元の、TLS インスペクションを行う\
                プロキシが応答している場合があります。",
            "最初に一致した方式を選ぶサーバーもあります。`openssl s_client -sigalgs RSA+SHA256` を\
                実行し、より強い方式に対応しているか確認します。",
        ],
        fixes: &[
            (
                "サーバー共通",
                "TLS ライブラリを更新します（OpenSSL は 1.0.1 以降で SHA-256 による署名に対応して\
                    います）。署名アルゴリズムの設定は既定に戻します。",
            ),
            (
                "nginx",
                "`ssl_conf_command` と `openssl.cnf` から `SignatureAlgorithms` を削除します。",
            ),
            (
                "IIS、Windows",
                "古い暗号化プロバイダーの鍵では、SHA-256 で署名できません。`certutil -csp \
                    \"Microsoft Software Key Storage Provider\" -importpfx` で証明書をインポートし\
                    直します。",
            ),
            (
                "ロードバランサー、HSM",
                "ファームウェアを更新し、SHA-256 で署名できるプロバイダーを選びます。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -tls1_2 -sigalgs RSA+SHA256",
    },
};
