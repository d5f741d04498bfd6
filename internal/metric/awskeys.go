package metric

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// awsKeys signs requests to Amazon with Signature Version 4.
type awsKeys struct{ id, secret, session string }

// sign puts the signature into the headers; the body is read and put back.
func (k awsKeys) sign(r *http.Request, region, service string, now time.Time) {
	now = now.UTC()
	r.Header.Set("X-Amz-Date", now.Format("20060102T150405Z"))
	if k.session != "" {
		r.Header.Set("X-Amz-Security-Token", k.session)
	}
	scope := strings.Join([]string{now.Format("20060102"), region, service, "aws4_request"}, "/")
	names, canonical := canonicalRequest(r)
	text := strings.Join([]string{"AWS4-HMAC-SHA256", now.Format("20060102T150405Z"), scope, hash(canonical)}, "\n")
	key := []byte("AWS4" + k.secret)
	for _, part := range append(strings.Split(scope, "/"), text) {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+k.id+"/"+scope+", SignedHeaders="+names+", Signature="+hex.EncodeToString(key))
}

// canonicalRequest is the text that is signed, and the names of the headers in it.
func canonicalRequest(r *http.Request) (names, text string) {
	headers := map[string]string{"host": r.URL.Host}
	for name, values := range r.Header {
		name = strings.ToLower(name)
		// What a proxy may change on the way is not signed.
		if name == "content-type" || strings.HasPrefix(name, "x-amz-") {
			headers[name] = strings.Join(values, ",")
		}
	}
	all := keys(headers)
	slices.Sort(all)
	var lines strings.Builder
	for _, name := range all {
		lines.WriteString(name + ":" + strings.Join(strings.Fields(headers[name]), " ") + "\n")
	}
	path := r.URL.EscapedPath()
	if path == "" {
		path = "/"
	}
	names = strings.Join(all, ";")
	return names, strings.Join([]string{r.Method, path, query4(r.URL.Query()), lines.String(), names, hash(bodyOf(r))}, "\n")
}

// query4 writes parameters as Amazon does: a space is %20.
func query4(v url.Values) string { return strings.ReplaceAll(v.Encode(), "+", "%20") }

// bodyOf is the body, which a request that is made from bytes can give again.
func bodyOf(r *http.Request) string {
	if r.GetBody == nil {
		return ""
	}
	body, err := r.GetBody()
	if err != nil {
		return ""
	}
	defer body.Close()
	b, err := io.ReadAll(body)
	if err != nil {
		return ""
	}
	return string(b)
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
