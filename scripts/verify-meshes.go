// Verifies random meshes of CAs with Go's crypto/x509. Prints how often the result is that of tlsweep, and
// each difference that no rule explains.
//
//	go run scripts/verify-meshes.go FOLDER/meshes.jsonl
//
// tests/mesh writes the file, see scripts/meshes. Each line has a chain, its anchors, the result of
// tlsweep, and the result expected of Go by its known different rules. Exits with 1 if Go's result is
// another one.
package main

import (
	"bufio"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"time"
)

type mesh struct {
	ID      string   `json:"id"`
	At      int64    `json:"at"`
	Leaf    string   `json:"leaf"`
	Sent    []string `json:"sent"`
	Anchors []string `json:"anchors"`
	Ours    bool     `json:"ours"`
	Go      bool     `json:"go"`
	Rule    string   `json:"rule"`
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run scripts/verify-meshes.go FOLDER/meshes.jsonl")
		os.Exit(2)
	}
	file, err := os.Open(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	sums := map[string]int{}
	unexplained := 0
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var mesh mesh
		if err := json.Unmarshal(lines.Bytes(), &mesh); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		reason := mesh.verify()
		accepts := reason == nil
		switch {
		case accepts != mesh.Go:
			unexplained++
			fmt.Printf("%s: tlsweep %s, Go %s, expected to %s: %v\n",
				mesh.ID, word(mesh.Ours), word(accepts), word(mesh.Go), reason)
			sums["no rule explains it"]++
		case accepts == mesh.Ours:
			sums["both "+word(accepts)]++
		default:
			sums["Go "+word(accepts)+": it "+mesh.Rule]++
		}
	}
	if err := lines.Err(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	var classes []string
	for class := range sums {
		classes = append(classes, class)
	}
	sort.Strings(classes)
	for _, class := range classes {
		fmt.Printf("%7d  %s\n", sums[class], class)
	}
	if unexplained > 0 {
		os.Exit(1)
	}
}

func word(accepts bool) string {
	if accepts {
		return "accept"
	}
	return "refuse"
}

func (mesh mesh) verify() error {
	_, err := read(mesh.Leaf).Verify(x509.VerifyOptions{
		CurrentTime:   time.Unix(mesh.At, 0),
		Roots:         pool(mesh.Anchors),
		Intermediates: pool(mesh.Sent),
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	return err
}

func pool(certificates []string) *x509.CertPool {
	pool := x509.NewCertPool()
	for _, text := range certificates {
		pool.AddCert(read(text))
	}
	return pool
}

func read(text string) *x509.Certificate {
	der, err := hex.DecodeString(text)
	if err == nil {
		var certificate *x509.Certificate
		if certificate, err = x509.ParseCertificate(der); err == nil {
			return certificate
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(2)
	return nil
}
