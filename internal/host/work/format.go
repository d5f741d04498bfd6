package work

import (
	"context"
	"os"

	"github.com/slipway-deploy/slipway/internal/host"
	"github.com/slipway-deploy/slipway/internal/host/capture"
	"github.com/slipway-deploy/slipway/internal/host/release"
	"github.com/slipway-deploy/slipway/internal/host/root"
	"github.com/slipway-deploy/slipway/internal/host/unit"
)

// format is what differs between a tar.gz and a .deb. Every method may be repeated.
type format interface {
	// here returns the file that an artifact is installed from, "" when none is needed
	// because its release is in place, and CodeNeedsArtifact when it must be sent.
	here(a host.Artifact) (file string, err error)
	// prepare makes sure that an artifact is here, is the right one and fits, and does
	// all that can be done beforehand. It touches nothing of the service, and returns
	// the paths that installing may make.
	prepare(ctx context.Context, a host.Artifact) (watch []string, err error)
	// discard undoes prepare.
	discard(a host.Artifact) error
	// changes reports whether installing an artifact would change what is there, so that
	// what runs by then is older than it.
	changes(ctx context.Context, a host.Artifact) (bool, error)
	// install puts a prepared artifact in place.
	install(ctx context.Context, a host.Artifact) error
	// returnable makes sure that what was recorded can be put back, and touches nothing.
	returnable(ctx context.Context, r capture.Record) error
	// back puts the recorded version in place, or none.
	back(ctx context.Context, r capture.Record, p capture.Progress) error
	// clean removes what the rollout brought, once nothing runs from it.
	clean(ctx context.Context, r capture.Record, p capture.Progress) error
	// settle forgets what is no longer needed, before a state is recorded.
	settle(ctx context.Context) error
	// version returns what is installed; empty when nothing is.
	version(ctx context.Context) (string, error)
	// old reports whether the process of a unit is older than what is installed.
	old(u unit.Status) (bool, error)
	// previous says where the installed version could be had from again.
	previous(ctx context.Context, seen capture.Seen) (string, error)
	// where is the path whose file system must have room.
	where() string
}

func (j *job) formatOf(s host.Spec) format {
	if s.Format == "deb" {
		return debian{j}
	}
	return tarball{j, release.Dir{Root: j.root, Path: s.Directory}}
}

// file returns where an artifact lies that the method put there; CodeNeedsArtifact
// when it has not. In a local fleet that may be a path of this machine.
func (j *job) file(a host.Artifact) (string, error) {
	for _, path := range []string{j.root.Path(a.Path), a.Path} {
		at, err := os.Stat(path)
		if a.Path == "" || err != nil || !at.Mode().IsRegular() {
			continue
		}
		if a.Size != 0 && at.Size() != a.Size {
			return "", fail(host.CodeRefused, "%s has %d bytes; the release says %d: put it there again", path, at.Size(), a.Size)
		}
		return path, nil
	}
	return "", fail(host.CodeNeedsArtifact, "%s %s (%s) is not on this host", a.Name, a.Version, a.Digest)
}

// room makes sure that bytes fit at a path with something to spare.
func (j *job) room(path string, bytes int64) error {
	free := j.cfg.Free
	if free == nil {
		free = root.Free
	}
	have, err := free(path)
	if err != nil {
		return err
	}
	if need := bytes + bytes/20 + spare; have < need {
		return fail(host.CodeDisk, "%d MiB free at %s; %d MiB are needed", have>>20, j.root.Of(path), need>>20)
	}
	return nil
}

// spare is what must be left for logs and for the helper's own notes.
const spare = 8 << 20
