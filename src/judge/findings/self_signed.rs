//! The leaf is signed with its own key, and no trust store contains it.

use super::{Definition, Doc, Needs, Text};
use crate::judge::case::Case;
use crate::judge::evaluated_path::Ending;
use crate::judge::graph::Proof;
use crate::verdict::{Finding, FindingId, Severity, Side, VerdictKind};

/// The definition of `self_signed`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::SelfSigned,
    verdict: Some(VerdictKind::SelfSigned),
    severity: Severity::Error,
    side: Side::Server,
    needs: Needs::Nothing,
    evidence: &[
        ("subject", "subject of the certificate"),
        ("ca", "true if the certificate is marked as a CA"),
        (
            "proven",
            "true if the signature verifies with the certificate's own key; false if the \
                algorithm cannot be verified",
        ),
        ("fingerprint", "SHA-256 of the certificate"),
    ],
    look,
    doc: &DOC,
};

fn look(case: &Case<'_>) -> Vec<Finding> {
    let Some(chain) = &case.chain else {
        return Vec::new();
    };
    let (Ending::SelfSigned(proof), Some(leaf)) = (chain.choice.best.ending, chain.contents())
    else {
        return Vec::new();
    };
    vec![FINDING.found(vec![
        ("subject", leaf.subject.text.as_str().into()),
        ("ca", leaf.is_ca().into()),
        ("proven", (proof == Proof::Proven).into()),
        ("fingerprint", chain.leaf.sha256.into()),
    ])]
}

const DOC: Doc = Doc {
    en: Text {
        title: "The certificate is self-signed",
        meaning: "The server certificate is signed with its own key, and none of the chosen trust \
            stores contains it. Nothing proves who owns that key. Often it is the default \
            certificate of an appliance, a new installation or a default virtual host, used \
            because the real certificate is not configured for this name. An attacker on the \
            network could present a certificate that looks the same. A self-signed certificate \
            also cannot be revoked.",
        check_first: &[
            "If it appears on many unrelated hosts, something on the scanning side answers \
                instead of them: a captive portal, a proxy or TLS inspection.",
            "Check the subject. `localhost`, `snakeoil`, a product name or the server's own host \
                name indicates a default certificate, and the virtual host is not set up.",
            "Connect with the correct name. Many servers return their default certificate to \
                clients that send no SNI or connect by address.",
        ],
        fixes: &[
            (
                "Public service",
                "Get a certificate from a public CA. With ACME (certbot, acme.sh, lego) it is \
                    free and renews automatically.",
            ),
            (
                "Internal service",
                "Issue the certificate from a private CA and install that CA's root on the \
                    clients (group policy, MDM). Do not mark individual server certificates as \
                    trusted. Scan with `--trust root.pem`.",
            ),
            (
                "nginx",
                "Point `ssl_certificate` at the CA's `fullchain.pem` in the server block whose \
                    `server_name` contains this name.",
            ),
            (
                "Apache",
                "In the virtual host for this name, change `SSLCertificateFile` from \
                    `ssl-cert-snakeoil.pem` to the new chain.",
            ),
            (
                "Postfix",
                "Replace the snakeoil paths in `smtpd_tls_cert_file` and `smtpd_tls_key_file`, or \
                    set `smtpd_tls_chain_files`.",
            ),
            (
                "Dovecot",
                "Change `ssl_server_cert_file` (2.3: `ssl_cert`) from \
                    `/etc/dovecot/private/dovecot.pem` to the new chain.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -showcerts",
    },
    ja: Text {
        title: "サーバー証明書が自己署名証明書です",
        meaning: "サーバー証明書が自身の鍵で署名されており、選択したどのトラストストアにも登録され\
            ていません。そのため、鍵の所有者を確認できません。多くは、アプライアンスやインストール\
            直後のソフトウェア、既定のバーチャルホストの証明書です。この名前に本来の証明書が設定さ\
            れていないため、代わりに使われています。ネットワーク上の攻撃者が、見た目が同じ証明書を\
            作成することもできます。また、自己署名証明書は失効させることができません。",
        check_first: &[
            "関連のない多数のホストで検出される場合は、スキャン元で、キャプティブポータル、プロキ\
                シ、TLS インスペクションなどが代わりに応答しています。",
            "サブジェクトを確認します。`localhost`、`snakeoil`、製品名、サーバー自身のホスト名の場\
                合は既定の証明書であり、バーチャルホストが設定されていません。",
            "正しい名前で接続しているか確認します。SNI を送信しない場合や IP アドレスで接続した場\
                合、多くのサーバーは既定の証明書を返します。",
        ],
        fixes: &[
            (
                "公開サービス",
                "パブリック認証局から証明書を取得します。ACME（certbot、acme.sh、lego）を使うと、\
                    無料で取得でき、更新も自動化できます。",
            ),
            (
                "社内サービス",
                "プライベート認証局から証明書を発行し、その認証局のルート証明書をクライアントに配\
                    布します（グループポリシー、MDM）。個々のサーバー証明書を信頼済みとして登録し\
                    ないでください。スキャンでは `--trust root.pem` を指定します。",
            ),
            (
                "nginx",
                "この名前を `server_name` に持つ server ブロックの `ssl_certificate` に、認証局か\
                    ら取得した `fullchain.pem` を指定します。",
            ),
            (
                "Apache",
                "この名前のバーチャルホストの `SSLCertificateFile` を、`ssl-cert-snakeoil.pem` か\
                    ら新しい証明書チェーンに変更します。",
            ),
            (
                "Postfix",
                "`smtpd_tls_cert_file` と `smtpd_tls_key_file` の snakeoil のパスを差し替える\
                    か、`smtpd_tls_chain_files` を設定します。",
            ),
            (
                "Dovecot",
                "`ssl_server_cert_file`（2.3 では `ssl_cert`）\
                    を、`/etc/dovecot/private/dovecot.pem` から新しい証明書チェーンに変更します。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -showcerts",
    },
};
