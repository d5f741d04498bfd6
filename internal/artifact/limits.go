package artifact

import (
	"fmt"
	"io"
)

// ratioFrom is how much may be unpacked before the ratio counts: small archives of
// very even content are harmless.
const ratioFrom = 64 << 20

// withDefaults fills what is zero.
func (l Limits) withDefaults() Limits {
	fill := func(field *int64, value int64) {
		if *field == 0 {
			*field = value
		}
	}
	fill(&l.Archive, 2<<30)
	fill(&l.Unpacked, 4<<30)
	fill(&l.File, 2<<30)
	fill(&l.Ratio, 200)
	if l.Members == 0 {
		l.Members = 200_000
	}
	return l
}

// packed counts the bytes of the archive as they are read, stops when the caller
// no longer wants them, and refuses an archive that is too long.
type packed struct {
	stopped func() error // says why the caller no longer wants it; nil while it does
	r       io.Reader
	file    string
	most    int64
	n       int64
}

func (p *packed) Read(b []byte) (int, error) {
	if err := p.stopped(); err != nil {
		return 0, err
	}
	n, err := p.r.Read(b)
	p.n += int64(n)
	if p.n > p.most {
		return n, &Refused{File: p.file, Found: fmt.Sprintf("it is longer than %s", size(p.most)), Rule: "that is the limit for an archive"}
	}
	return n, err
}

// unpacked counts what comes out of the decompressor, and refuses more than the
// limits allow before it is stored anywhere.
type unpacked struct {
	r    io.Reader
	from *packed
	file string
	lim  Limits
	n    int64
}

func (u *unpacked) Read(b []byte) (int, error) {
	n, err := u.r.Read(b)
	u.n += int64(n)
	if u.n > u.lim.Unpacked {
		return n, &Refused{File: u.file, Found: fmt.Sprintf("it unpacks to more than %s", size(u.lim.Unpacked)), Rule: "that is the limit"}
	}
	if u.n > ratioFrom && u.n/u.lim.Ratio > u.from.n {
		return n, &Refused{
			File:  u.file,
			Found: fmt.Sprintf("%s of it unpack to more than %s", size(u.from.n), size(u.n)),
			Rule:  fmt.Sprintf("%d times is the limit", u.lim.Ratio),
		}
	}
	return n, err
}

// size prints a number of bytes for people.
func size(n int64) string {
	const units = "KMGT"
	if n < 1024 {
		return fmt.Sprintf("%d bytes", n)
	}
	f, u := float64(n)/1024, 0
	for f >= 1024 && u < len(units)-1 {
		f, u = f/1024, u+1
	}
	return fmt.Sprintf("%.4g %ciB", f, units[u])
}
