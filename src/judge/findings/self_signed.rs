//! The leaf is its own issuer, and no store trusts it.

use super::{Definition, Doc, Needs, Text};
use crate::judge::case::Case;
use crate::judge::graph::Proof;
use crate::judge::outcome::Ending;
use crate::verdict::{Finding, FindingId, Severity, Side, VerdictKind};

/// The definition of `self_signed`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::SelfSigned,
    verdict: Some(VerdictKind::SelfSigned),
    severity: Severity::Error,
    side: Side::Server,
    needs: Needs::Nothing,
    evidence: &[
        ("subject", "who it says it is"),
        ("ca", "whether it says that it is a CA"),
        (
            "proven",
            "whether its signature verifies by its own key; false when the algorithm cannot be verified",
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
        meaning: "The server's certificate is signed by its own key and no chosen trust store \
            contains it, so nothing proves who holds that key. It is often the certificate that \
            came with an appliance, a fresh installation or a default virtual host, shown \
            because the real one is not configured for this name. Anyone on the way could \
            present a certificate that looks just like it. A self-signed certificate also cannot \
            be revoked.",
        check_first: &[
            "If it appears on many unrelated hosts, something on our side answers for them: a \
                captive portal, proxy or TLS inspection.",
            "Read the subject: `localhost`, `snakeoil`, a product name or the machine's own name \
                tells that this is a default certificate and that the virtual host is not set up.",
            "Check with the right name: without SNI, or with an address, many servers show their \
                default certificate.",
        ],
        fixes: &[
            (
                "Public service",
                "Get a certificate from a public CA; with ACME (certbot, acme.sh, lego) it is \
                    free and renews itself.",
            ),
            (
                "Internal service",
                "Issue the certificate from a private CA and install that CA's root on the \
                    clients (group policy, MDM). Do not mark single server certificates as \
                    trusted. Scan with `--trust root.pem`.",
            ),
            (
                "nginx",
                "Point `ssl_certificate` at the CA's `fullchain.pem` in the server block whose \
                    `server_name` holds this name.",
            ),
            (
                "Apache",
                "Replace the path of `ssl-cert-snakeoil.pem` in `SSLCertificateFile` with the new \
                    chain, in the virtual host for this name.",
            ),
            (
                "Postfix",
                "Replace the snakeoil paths in `smtpd_tls_cert_file` and `smtpd_tls_key_file`, or \
                    set `smtpd_tls_chain_files`.",
            ),
            (
                "Dovecot",
                "Replace `/etc/dovecot/private/dovecot.pem` in `ssl_server_cert_file` (2.3: \
                    `ssl_cert`) with the new chain.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -showcerts",
    },
    ja: Text {
        title: "自己署名証明書です",
        meaning: "サーバー証明書が自分自身の鍵で署名されており、選択したどのトラストストアにも登録\
            されていないため、鍵の持ち主を確認できません。機器やソフトウェアの初期状態の証明書\
            や、既定のバーチャルホストの証明書が、本来の証明書の設定漏れによって表示されているこ\
            とがよくあります。途中の第三者でも見かけが同じ証明書を作れるため、なりすましを見分け\
            られません。また、自己署名証明書は失効させることもできません。",
        check_first: &[
            "無関係な多数のホストで出る場合は、こちら側で何かが代わりに応答しています（キャプティ\
                ブポータル、プロキシ、TLS インスペクション）。",
            "サブジェクトを確認します。`localhost`、`snakeoil`、製品名、ホスト名などであれば既定の\
                証明書で、バーチャルホストの設定が済んでいません。",
            "正しい名前で接続しているか確認します。SNI なしや IP アドレスでの接続には、既定の証明\
                書を返すサーバーが多くあります。",
        ],
        fixes: &[
            (
                "公開サービス",
                "パブリック認証局から証明書を取得します。ACME（certbot、acme.sh、lego など）を使え\
                    ば無料で、更新も自動化できます。",
            ),
            (
                "社内サービス",
                "プライベート認証局から発行し、その認証局のルート証明書をクライアントに配布します\
                    （グループポリシー、MDM）。サーバー証明書を個別に信頼させる運用は避けてくださ\
                    い。スキャン時は `--trust root.pem` を指定します。",
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
