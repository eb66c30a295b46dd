//! The chain that the server has for other clients has a fault (`--facts chains`).

use super::{Definition, Doc, Needs, Text};
use crate::judge::case::{Case, time};
use crate::observation::Fact;
use crate::verdict::{Finding, FindingId, Severity, Side, Value, VerdictKind};

/// The definition of `second_chain`.
pub(super) const FINDING: Definition = Definition {
    id: FindingId::SecondChain,
    verdict: None,
    severity: Severity::Error,
    side: Side::Server,
    needs: Needs::Fact(Fact::Chains),
    evidence: &[
        (
            "verdict",
            "verdict that the row would get with this chain alone",
        ),
        ("findings", "ids of all findings for this chain"),
        ("key", "key type of its leaf"),
        ("subject", "subject of its leaf"),
        ("not_after", "time at which its leaf expires"),
        ("fingerprint", "SHA-256 of its leaf"),
    ],
    look,
    doc: &DOC,
};

fn look(case: &Case<'_>) -> Vec<Finding> {
    let faulty = case.second.iter();
    let faulty = faulty.filter(|chain| chain.kind != VerdictKind::Ok);
    let found = faulty.filter_map(|chain| {
        let leaf = chain.sent.leaf()?;
        let mut ids: Vec<String> = chain.findings.iter().map(|it| it.id.to_string()).collect();
        ids.dedup();
        let mut evidence: Vec<(&'static str, Value)> = vec![
            ("verdict", chain.kind.name().into()),
            ("findings", ids.into()),
        ];
        if let Ok(contents) = &leaf.contents {
            evidence.push(("key", contents.key.name.as_str().into()));
            evidence.push(("subject", contents.subject.text.as_str().into()));
            evidence.push(("not_after", time(contents.not_after)));
        }
        evidence.push(("fingerprint", leaf.sha256.into()));
        Some(FINDING.found(evidence))
    });
    found.collect()
}

const DOC: Doc = Doc {
    en: Text {
        title: "The server's second certificate chain has a fault",
        meaning: "The server has two certificates, usually one with an ECDSA key and one with an \
            RSA key. It chooses one according to the signatures that the client can verify. The \
            verdict of this row is about the chain that most clients get. tlsweep also checked \
            the other chain and found a fault; the evidence shows its verdict. Only older clients \
            and special libraries get this chain, so nobody notices the fault until one of them \
            fails.",
        check_first: &[
            "Request this chain alone. The command below offers signatures for only one key type.",
            "Compare the expiry dates of the two certificates. Often only one of the two renewals \
                has stopped.",
        ],
        fixes: &[
            (
                "Any server",
                "Renew the second certificate together with the first, or remove it. Nearly all \
                    current clients can verify both key types.",
            ),
            (
                "nginx",
                "Each pair of `ssl_certificate` and `ssl_certificate_key` in the server block is \
                    one chain. Replace or delete the faulty pair, then run `nginx -t` and \
                    `systemctl reload nginx`.",
            ),
            (
                "Apache",
                "Each pair of `SSLCertificateFile` and `SSLCertificateKeyFile` is one chain. \
                    Replace or delete the faulty pair, then run `apachectl configtest` and reload.",
            ),
            (
                "Postfix",
                "`smtpd_tls_chain_files` lists the key and chain of each type. Replace the faulty \
                    key and chain, then run `postfix reload`.",
            ),
            (
                "HAProxy",
                "`crt` loads both `NAME.pem.rsa` and `NAME.pem.ecdsa`. Replace the faulty file \
                    and reload.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -tls1_2 -sigalgs \
            RSA+SHA256:RSA-PSS+SHA256 -showcerts",
    },
    ja: Text {
        title: "サーバーの 2 つ目の証明書チェーンに問題があります",
        meaning: "このサーバーには証明書が 2 つあり（通常は ECDSA 鍵と RSA 鍵）、クライアントが検\
            証できる署名に応じて使い分けています。この行の判定は、大半のクライアントが受け取る証明\
            書チェーンに対するものです。もう一方のチェーンも検査したところ、問題が見つかりました。\
            その判定は、検出結果に表示されます。このチェーンを受け取るのは、古いクライアントや特殊\
            なライブラリだけです。そのため、これらのクライアントが失敗するまで問題に気付きません。",
        check_first: &[
            "このチェーンだけを取得して確認します。下のコマンドは、1 種類の鍵の署名だけを提示しま\
                す。",
            "2 つの証明書の有効期限を比べます。片方の更新だけが止まっていることがよくあります。",
        ],
        fixes: &[
            (
                "サーバー共通",
                "2 つ目の証明書も同時に更新するか、設定から削除します。現在のクライアントは、ほぼ\
                    すべて両方の種類の鍵を検証できます。",
            ),
            (
                "nginx",
                "server ブロックの `ssl_certificate` と `ssl_certificate_key` の組が、それぞれ 1 \
                    つのチェーンです。問題のある組を差し替えるか削除し、`nginx -t` と `systemctl \
                    reload nginx` を実行します。",
            ),
            (
                "Apache",
                "`SSLCertificateFile` と `SSLCertificateKeyFile` の組が、それぞれ 1 つのチェーンで\
                    す。問題のある組を差し替えるか削除し、`apachectl configtest` を実行してからリ\
                    ロードします。",
            ),
            (
                "Postfix",
                "`smtpd_tls_chain_files` には、鍵の種類ごとに秘密鍵とチェーンが並んでいます。問題\
                    のある秘密鍵とチェーンを差し替え、`postfix reload` を実行します。",
            ),
            (
                "HAProxy",
                "`crt` は `NAME.pem.rsa` と `NAME.pem.ecdsa` の両方を読み込みます。問題のあるファ\
                    イルを差し替え、リロードします。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -tls1_2 -sigalgs \
            RSA+SHA256:RSA-PSS+SHA256 -showcerts",
    },
};
