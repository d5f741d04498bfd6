package artifact

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/ulikunitz/xz"
)

const (
	xzEdge       = 12        // bytes of a stream's header, and of its footer
	xzDictionary = 128 << 20 // twice what xz -9 asks for
	xzIndexMost  = 16 << 20
	xzFilter     = 0x21 // LZMA2
)

var errXZ = errors.New("its xz structure is wrong")

// xzReader opens an xz stream. The decoder takes as much memory as each block's
// header asks for, up to 4 GiB, so the headers are looked at first: the index at
// the end of the stream tells where they are.
func xzReader(r *io.SectionReader) (io.Reader, error) {
	blocks, err := xzBlocks(r)
	if err != nil {
		return nil, err
	}
	for _, at := range blocks {
		dictionary, err := xzDictionaryAt(r, at)
		if err != nil {
			return nil, err
		}
		if dictionary > xzDictionary {
			return nil, fmt.Errorf("it wants %s of memory to be unpacked; %s is the limit", size(dictionary), size(xzDictionary))
		}
	}
	zip, err := xz.ReaderConfig{SingleStream: true}.NewReader(io.NewSectionReader(r, 0, r.Size()))
	if err != nil {
		return nil, err
	}
	return zip, nil
}

// xzBlocks lists where the blocks of a stream begin.
func xzBlocks(r *io.SectionReader) ([]int64, error) {
	footer := make([]byte, xzEdge)
	if _, err := r.ReadAt(footer, r.Size()-xzEdge); err != nil || string(footer[10:]) != "YZ" {
		return nil, io.ErrUnexpectedEOF
	}
	length := (int64(binary.LittleEndian.Uint32(footer[4:])) + 1) * 4
	start := r.Size() - xzEdge - length
	if length > xzIndexMost || start < xzEdge {
		return nil, errXZ
	}
	index := make([]byte, length)
	if _, err := r.ReadAt(index, start); err != nil {
		return nil, err
	}
	if index[0] != 0 {
		return nil, errXZ
	}
	return xzRecords(index[1:], start)
}

// xzRecords reads the index: for each block its length, and its length unpacked.
// The blocks must fill the stream up to the index, or some would not be seen.
func xzRecords(index []byte, end int64) ([]int64, error) {
	count, n := binary.Uvarint(index)
	if n <= 0 || count > uint64(len(index)) {
		return nil, errXZ
	}
	index = index[n:]
	blocks := make([]int64, 0, count)
	at := int64(xzEdge)
	for range count {
		length, n := binary.Uvarint(index)
		if n <= 0 || length == 0 || length > uint64(end) {
			return nil, errXZ
		}
		_, m := binary.Uvarint(index[n:])
		if m <= 0 {
			return nil, errXZ
		}
		index = index[n+m:]
		blocks = append(blocks, at)
		at += (int64(length) + 3) / 4 * 4
	}
	if at != end {
		return nil, errXZ
	}
	return blocks, nil
}

// xzDictionaryAt reads how much memory a block asks for. A block of a package has
// one filter.
func xzDictionaryAt(r io.ReaderAt, at int64) (int64, error) {
	header := make([]byte, 32) // sizes of at most 9 bytes each, and one filter
	if n, _ := r.ReadAt(header, at); n < len(header) {
		header = header[:n]
	}
	if len(header) < 8 || header[0] == 0 || header[1]&0x3f != 0 {
		return 0, fmt.Errorf("%w, or it uses filters other than LZMA2", errXZ)
	}
	rest := header[2:]
	for _, flag := range []byte{0x40, 0x80} {
		if header[1]&flag == 0 {
			continue
		}
		_, n := binary.Uvarint(rest)
		if n <= 0 {
			return 0, errXZ
		}
		rest = rest[n:]
	}
	if len(rest) < 3 || rest[0] != xzFilter || rest[1] != 1 || rest[2] > 40 {
		return 0, fmt.Errorf("%w, or it uses filters other than LZMA2", errXZ)
	}
	if rest[2] == 40 {
		return 4<<30 - 1, nil
	}
	return int64(2|rest[2]&1) << (rest[2]/2 + 11), nil
}
