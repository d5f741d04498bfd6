package app

// Kind says what sort of answer an Error is.
type Kind int

// The kinds.
const (
	// Misconfigured: a file, an argument or the machine is not as it must be.
	Misconfigured Kind = iota
	// Refused: what was asked makes sense, and a gate does not let it pass.
	Refused
	// Broken: the engine stopped in the middle; what hosts run must be looked at.
	Broken
)

// Error is an error that a person must act on.
type Error struct {
	Kind Kind
	Err  error
	Hint string // what to do next; may be empty
}

// Error says what is wrong and, after it, what to do.
func (e *Error) Error() string {
	if e.Hint == "" {
		return e.Err.Error()
	}
	return e.Err.Error() + "\n  " + e.Hint
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
