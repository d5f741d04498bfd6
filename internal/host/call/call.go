// Package call is the command line of slipway-host: it reads one request, has it done
// and prints one answer, a line of JSON.
//
// cmd/slipway-host runs it. What changes the host is handed to a worker that outlives
// the caller: a transient unit of systemd, or a process in a session of its own. When
// the connection breaks the work goes on, and the next call with the same id gets its
// answer. It never does any of the work itself.
package call

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/host/memory"
	"github.com/slipway-deploy/slipway/internal/host/root"
	"github.com/slipway-deploy/slipway/internal/host/work"
)

// Exit codes of slipway-host.
const (
	exitAnswered = 0 // the answer says how it went
	exitUsage    = 2 // there was no request to answer
	exitLost     = 3 // the answer could not be written
)

const usage = `slipway-host does one request of slipway on this host and prints one answer.

  slipway-host call           reads the request, JSON, from standard input
  slipway-host call BASE64    takes it from the command line
  slipway-host version        prints the protocol it speaks

Exit codes: 0 it answered (the answer says how it went), 2 no request was given,
3 the answer could not be written.
`

// mostRequest is how long a request may be.
const mostRequest = 4 << 20

// Main runs slipway-host and returns its exit code.
func Main(ctx context.Context, args []string, in io.Reader, out, problems io.Writer) int {
	switch {
	case len(args) == 1 && args[0] == "version":
		return written(fmt.Fprintf(out, "slipway-host protocol %d\n", host.Protocol))
	case len(args) == 2 && args[0] == workVerb:
		if err := worker(ctx, work.Config{}, args[1]); err != nil {
			fmt.Fprintln(problems, "slipway-host:", err)
			return exitLost
		}
		return exitAnswered
	case len(args) == 1 && args[0] == "call":
		data, err := io.ReadAll(io.LimitReader(in, mostRequest))
		return answer(ctx, out, data, err)
	case len(args) == 2 && args[0] == "call":
		data, err := base64.StdEncoding.DecodeString(args[1])
		return answer(ctx, out, data, err)
	}
	fmt.Fprint(problems, usage)
	return exitUsage
}

func answer(ctx context.Context, out io.Writer, data []byte, err error) int {
	var r host.Request
	if err == nil {
		err = decode(data, &r)
	}
	response := refused(r, err)
	if err == nil {
		response = do(ctx, r)
	}
	line, err := json.Marshal(response)
	if err != nil {
		return exitLost
	}
	return written(out.Write(append(line, '\n')))
}

// decode reads a request, whole. Unknown fields are those of a newer slipway, which
// says by the protocol when they matter.
func decode(data []byte, r *host.Request) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	if err := decoder.Decode(r); err != nil {
		return fmt.Errorf("the request is not JSON of the helper's protocol: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is something after the request; send one request a call")
	}
	return nil
}

func refused(r host.Request, err error) host.Response {
	if err == nil {
		return host.Response{}
	}
	return host.Response{Protocol: host.Protocol, Verb: r.Verb, Code: host.CodeRefused, Reason: err.Error()}
}

// do has a request done, here or by a worker.
func do(ctx context.Context, r host.Request) host.Response {
	if r.Verb != host.Update && r.Verb != host.Restore {
		return work.Do(ctx, work.Config{}, r)
	}
	if response, done := known(r); done {
		return response
	}
	file, err := leave(r)
	if err != nil {
		code := host.CodeInternal
		if root.Full(err) {
			code = host.CodeDisk
		}
		return host.Response{Protocol: host.Protocol, Verb: r.Verb, Code: code, Reason: "hand the request to a worker: " + err.Error()}
	}
	response, err := handOver(ctx, r, file)
	if err != nil {
		return host.Response{Protocol: host.Protocol, Verb: r.Verb, Code: host.CodeInternal, Reason: err.Error(), Begun: true}
	}
	return response
}

// known answers without a worker what needs none: a call that has finished, one of an
// owner that was replaced, one that makes no sense, one without its artifact.
func known(r host.Request) (host.Response, bool) {
	if err := work.Valid(r); err != nil {
		return refused(r, err), true
	}
	m, err := memory.Open(root.Dir(r.Root), r.Service)
	if err == nil && r.Verb == host.Restore {
		err = m.Yield()
	}
	if err == nil {
		err = m.Fence(r.Token)
	}
	if err != nil {
		// The worker meets the same, and says it with its code.
		return host.Response{}, false
	}
	if earlier, done, err := m.Result(memory.Of(r)); done || err != nil {
		return earlier, done && err == nil
	}
	return work.Lacks(r)
}

func written(_ int, err error) int {
	if err != nil {
		return exitLost
	}
	return exitAnswered
}
