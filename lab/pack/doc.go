// Package pack builds the sample service and packs it as .deb and .tar.gz in all its
// versions. The lab and the local fleet call it when they come up.
//
// What it writes is the same bytes for the same source and the same Go, and is kept
// in a cache. It never uses the network, and needs none of Debian's tools.
package pack
