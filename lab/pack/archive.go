package pack

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"fmt"
	"path"
	"time"
)

// file is one that goes into an archive; its path is relative.
type file struct {
	path string
	mode int64
	text []byte
}

// epoch is the time of everything in an archive: content alone tells versions apart.
func epoch() time.Time { return time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC) }

// tarGz packs files with the directories above them, each once, in order. Paths
// begin with prefix, which is "./" in a .deb.
func tarGz(files []file, prefix string) ([]byte, error) {
	var out bytes.Buffer
	zip, err := gzip.NewWriterLevel(&out, gzip.BestSpeed) // a lab is waited for
	if err != nil {
		return nil, err
	}
	w := tar.NewWriter(zip)
	made := map[string]bool{".": true}
	for _, f := range files {
		if err := addParents(w, path.Dir(f.path), prefix, made); err != nil {
			return nil, err
		}
		h := &tar.Header{Typeflag: tar.TypeReg, Name: prefix + f.path, Mode: f.mode, Size: int64(len(f.text)), ModTime: epoch(), Uname: "root", Gname: "root", Format: tar.FormatGNU}
		if err := w.WriteHeader(h); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.text); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	if err := zip.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func addParents(w *tar.Writer, dir, prefix string, made map[string]bool) error {
	if made[dir] {
		return nil
	}
	if err := addParents(w, path.Dir(dir), prefix, made); err != nil {
		return err
	}
	made[dir] = true
	return w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: prefix + dir + "/", Mode: 0o755, ModTime: epoch(), Uname: "root", Gname: "root", Format: tar.FormatGNU})
}

// deb packs a Debian package: an ar archive of a version mark and two tar.gz.
func deb(control, data []file) ([]byte, error) {
	var sums bytes.Buffer
	for _, f := range data {
		fmt.Fprintf(&sums, "%x  %s\n", md5.Sum(f.text), f.path) // what dpkg --verify compares
	}
	controlTar, err := tarGz(append(control, file{"md5sums", 0o644, sums.Bytes()}), "./")
	if err != nil {
		return nil, err
	}
	dataTar, err := tarGz(data, "./")
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	out.WriteString("!<arch>\n")
	member(&out, "debian-binary", []byte("2.0\n"))
	member(&out, "control.tar.gz", controlTar)
	member(&out, "data.tar.gz", dataTar)
	return out.Bytes(), nil
}

// member appends one file of an ar archive; each begins at an even offset.
func member(out *bytes.Buffer, name string, text []byte) {
	fmt.Fprintf(out, "%-16s%-12d%-6d%-6d%-8s%-10d`\n", name, epoch().Unix(), 0, 0, "100644", len(text))
	out.Write(text)
	if len(text)%2 == 1 {
		out.WriteByte('\n')
	}
}
