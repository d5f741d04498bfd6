package mount

import (
	"slices"
	"testing"
)

func TestBelow(t *testing.T) {
	t.Parallel()
	const mounts = `proc /proc proc rw 0 0
tmpfs /var/lib/lab/web1/disk tmpfs rw 0 0
overlay /var/lib/lab/web1/root overlay rw 0 0
tmpfs /var/lib/lab2 tmpfs rw 0 0
tmpfs /var/lib/lab/a\040b\134c tmpfs rw 0 0
tmpfs /var/lib/lab tmpfs rw 0 0

bad
`
	for _, c := range []struct {
		dir  string
		want []string
	}{
		{"/var/lib/lab", []string{"/var/lib/lab", `/var/lib/lab/a b\c`, "/var/lib/lab/web1/root", "/var/lib/lab/web1/disk"}},
		{"/var/lib/lab/web1", []string{"/var/lib/lab/web1/root", "/var/lib/lab/web1/disk"}},
		{"/nowhere", nil},
	} {
		if got := below([]byte(mounts), c.dir); !slices.Equal(got, c.want) {
			t.Errorf("below %s: %q, want %q", c.dir, got, c.want)
		}
	}
}

func TestDetachNothing(t *testing.T) {
	t.Parallel()
	if err := Detach(t.Context(), t.TempDir()); err != nil {
		t.Error(err)
	}
}

func FuzzBelow(f *testing.F) {
	f.Add("tmpfs /a\\040 tmpfs rw 0 0\n", "/a")
	f.Add("x /a\\9", "/")
	f.Fuzz(func(t *testing.T, text, dir string) {
		for _, point := range below([]byte(text), dir) {
			if point != dir && len(point) <= len(dir) && dir != "/" && dir[len(dir)-1] != '/' {
				t.Errorf("%q is not below %q", point, dir)
			}
		}
	})
}
