//! The chain that the server keeps for other clients is faulty (`--facts chains`).

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
            "the verdict that this chain would get if the server had no other",
        ),
        ("findings", "everything that is wrong with it, by id"),
        ("key", "the kind of its leaf's key"),
        ("subject", "who its leaf says it is"),
        ("not_after", "until when its leaf is valid"),
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
        title: "The server's second chain is faulty",
        meaning: "The server has two certificates, usually one with an ECDSA key and one with an \
            RSA key, and chooses by what the client can verify. The verdict of this row is about \
            the chain that most clients get. The other chain was judged in the same way, and it \
            has a fault of its own: the evidence names the verdict. Only older clients or special \
            libraries see it, so nobody notices until one of them fails.",
        check_first: &[
            "Ask for this chain alone: the command below offers only signatures of one kind of \
                key.",
            "Compare the end dates of both certificates. Often one of the two renewals stopped.",
        ],
        fixes: &[
            (
                "Any server",
                "Renew the second certificate together with the first, or remove it: nearly all \
                    clients verify both kinds of key today.",
            ),
            (
                "nginx",
                "Each pair of `ssl_certificate` and `ssl_certificate_key` in the server block is \
                    one chain. Replace or delete the faulty pair, then `nginx -t` and `systemctl \
                    reload nginx`.",
            ),
            (
                "Apache",
                "Each pair of `SSLCertificateFile` and `SSLCertificateKeyFile` is one chain. \
                    Replace or delete the faulty pair, then `apachectl configtest` and reload.",
            ),
            (
                "Postfix",
                "`smtpd_tls_chain_files` lists key and chain of each kind. Replace the faulty \
                    ones, then `postfix reload`.",
            ),
            (
                "HAProxy",
                "`crt` loads `NAME.pem.rsa` and `NAME.pem.ecdsa` beside each other. Replace the \
                    faulty file and reload.",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -tls1_2 -sigalgs \
            RSA+SHA256:RSA-PSS+SHA256 -showcerts",
    },
    ja: Text {
        title: "サーバーの 2 つ目の証明書チェーンに問題があります",
        meaning: "このサーバーには証明書が 2 つあり（通常は ECDSA 鍵と RSA 鍵）、クライアントが検証\
            できる署名方式に応じて使い分けています。この行の判定は、大半のクライアントが受け取る\
            チェーンに対するものです。もう一方のチェーンも同じ方法で検証したところ、問題が見つかり\
            ました。その判定は結果に表示されます。このチェーンを受け取るのは古いクライアントや特殊\
            なライブラリだけなので、接続に失敗するまで誰も気付きません。",
        check_first: &[
            "下のコマンドで、このチェーンだけを取得して確認します。",
            "2 つの証明書の有効期限を比べます。片方の更新だけが止まっていることがよくあります。",
        ],
        fixes: &[
            (
                "共通",
                "2 つ目の証明書も同時に更新するか、設定から削除します。現在のほぼすべてのクライアン\
                    トは両方の鍵を検証できます。",
            ),
            (
                "nginx",
                "`ssl_certificate` と `ssl_certificate_key` の組がそれぞれ 1 つのチェーンです。問題\
                    のある組を差し替えるか削除し、`nginx -t`、`systemctl reload nginx` を実行しま\
                    す。",
            ),
            (
                "Apache",
                "`SSLCertificateFile` と `SSLCertificateKeyFile` の組がそれぞれ 1 つのチェーンです。\
                    問題のある組を差し替えるか削除し、`apachectl configtest` の後にリロードします。",
            ),
            (
                "Postfix",
                "`smtpd_tls_chain_files` にある該当する鍵とチェーンを差し替え、`postfix reload` を\
                    実行します。",
            ),
            (
                "HAProxy",
                "`crt` は `NAME.pem.rsa` と `NAME.pem.ecdsa` を並べて読み込みます。問題のあるファイ\
                    ルを差し替えてリロードします。",
            ),
        ],
        by_hand: "openssl s_client -connect HOST:443 -servername HOST -tls1_2 -sigalgs \
            RSA+SHA256:RSA-PSS+SHA256 -showcerts",
    },
};
