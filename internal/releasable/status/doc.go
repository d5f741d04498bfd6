// Package status asks those who test commits what they found: the APIs of GitHub, GitLab
// and Gitea, a command of the project, or a file.
//
// app calls it for the commits that may be released. It changes nothing at what it asks,
// keeps no answer, and never puts a token into an error or sends one to another host than
// the one it is for.
package status
