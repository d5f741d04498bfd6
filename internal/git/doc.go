// Package git asks the git program about the project's repository, and makes and pushes
// tags in it. app calls it to say whether a commit may be released, to cut releases, and
// to list what a release brings.
//
// It never changes a branch, the index or a file of the working tree, asks nobody for a
// password, and takes no option from what others named: names go after --end-of-options.
package git
