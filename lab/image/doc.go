// Package image makes and caches the Debian system that a lab's hosts start from.
// Package lab calls it. An image is keyed by a digest of its recipe, built once
// however many labs want it, and never changed after that.
package image
