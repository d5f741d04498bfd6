// Package wire is how channels speak HTTP: one request, one answer, and an error that
// says whether and when to try again. It follows no redirect, since a token must not
// follow one, and its errors name a host and never a path, a query or a header.
//
// chat and marker call it. It knows no service and retries nothing: the outbox does.
package wire
