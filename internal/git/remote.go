package git

import (
	"context"
	"strings"
)

// Remote is the name of the remote that a branch follows, or the only one, or origin;
// "" when the repository has none.
func (r *Repo) Remote(ctx context.Context, branch string) (string, error) {
	name, err := r.line(ctx, "config", "--get", "branch."+branch+".remote")
	if code(err) >= 0 {
		name, err = "", nil
	}
	if err != nil || name != "" && name != "." {
		return name, err
	}
	out, err := r.run(ctx, "", "remote")
	names := strings.Fields(out)
	switch {
	case err != nil || len(names) == 0:
		return "", err
	case len(names) == 1:
		return names[0], nil
	}
	for _, n := range names {
		if n == "origin" {
			return n, nil
		}
	}
	return "", nil
}

// Tracking is the branch as it was last seen on a remote, or the local one when no remote
// has it: its full name, and what it is called. Both are empty when there is neither.
func (r *Repo) Tracking(ctx context.Context, remote, branch string) (ref, shown string, err error) {
	refs := [][2]string{{"refs/heads/" + branch, branch}}
	if remote != "" {
		refs = append([][2]string{{"refs/remotes/" + remote + "/" + branch, remote + "/" + branch}}, refs...)
	}
	for _, one := range refs {
		_, err := r.line(ctx, "show-ref", "--verify", "--quiet", "--", one[0])
		if err == nil {
			return one[0], one[1], nil
		}
		if code(err) < 0 {
			return "", "", err
		}
	}
	return "", "", nil
}

// Fetch looks at a branch on a remote, and keeps what it sees as the tracking branch.
func (r *Repo) Fetch(ctx context.Context, remote, branch string) error {
	_, err := r.run(ctx, "", "fetch", "--quiet", "--no-tags", "--end-of-options", remote,
		"+refs/heads/"+branch+":refs/remotes/"+remote+"/"+branch)
	return err
}

// Address is where a remote is, without a password; "" for none.
func (r *Repo) Address(ctx context.Context, remote string) (string, error) {
	if remote == "" {
		return "", nil
	}
	address, err := r.line(ctx, "remote", "get-url", "--", remote)
	if code(err) >= 0 {
		return "", nil
	}
	if err == nil && strings.Contains(address, "://") {
		address = withoutUser(address)
	}
	return address, err
}
