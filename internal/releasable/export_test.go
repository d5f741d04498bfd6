package releasable

// PreAuth is preAuth, for the example of the DSSE document.
func PreAuth(kind string, payload []byte) []byte { return preAuth(kind, payload) }
