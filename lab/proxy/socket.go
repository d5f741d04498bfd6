package proxy

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

const (
	// longestLine is HAProxy's own limit of a line of commands.
	longestLine = 16 << 10
	// patience is how long somebody at the socket may take to ask, and to read.
	patience = 10 * time.Second
)

// serveSocket answers on the runtime socket until ctx ends.
func (p *Proxy) serveSocket(ctx context.Context) error {
	var open sync.WaitGroup
	defer open.Wait()
	stop := context.AfterFunc(ctx, func() { p.cfg.Socket.Close() })
	defer stop()
	for {
		conn, err := p.cfg.Socket.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("serve the runtime socket: %w", err)
		}
		open.Go(func() { p.converse(ctx, conn) })
	}
}

// converse answers one line of commands, as HAProxy does when it is not asked for a prompt.
func (p *Proxy) converse(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return
	}
	line, err := bufio.NewReader(io.LimitReader(conn, longestLine)).ReadString('\n')
	if err != nil && !(errors.Is(err, io.EOF) && line != "") {
		return // whoever asked has gone
	}
	for command := range strings.SplitSeq(strings.TrimRight(line, "\r\n"), ";") {
		// Each answer ends in a line of its own. Who does not read on has gone.
		if _, err := io.WriteString(conn, p.answer(command)+"\n"); err != nil {
			return
		}
	}
}
