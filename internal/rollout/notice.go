package rollout

import (
	"slices"
	"time"
)

// NoticeKind is what people and systems outside are told about.
type NoticeKind string

// The kinds of notices.
const (
	NoticePlanned   NoticeKind = "planned"
	NoticeStarted   NoticeKind = "started"
	NoticeEntered   NoticeKind = "stage entered"
	NoticeLeft      NoticeKind = "stage left" // with its verdict, or who had it left without one
	NoticeWaiting   NoticeKind = "waiting"    // for a person, and why
	NoticePromoted  NoticeKind = "promoted"   // by whom
	NoticePaused    NoticeKind = "paused"
	NoticeAborted   NoticeKind = "aborted"
	NoticeRestoring NoticeKind = "restoring"
	NoticeRestored  NoticeKind = "restored"
	NoticeCompleted NoticeKind = "completed"
	NoticePerson    NoticeKind = "needs a person"
	NoticeReminder  NoticeKind = "reminder" // it still waits; made by the engine's clock, not by an event
)

// Notice is one thing worth telling, derived from a change of state alone and kept with
// it in one transaction. With the plan it holds all that a message says.
type Notice struct {
	// Key is unique in its rollout, and the same however often the notice is derived:
	// "7/restoring" is what followed from event 7.
	Key     string     `json:"key"`
	Kind    NoticeKind `json:"kind"`
	At      time.Time  `json:"at"`
	Stage   string     `json:"stage,omitempty"`   // name of the stage it is about
	Verdict Verdict    `json:"verdict,omitempty"` // stage left; empty when a person was faster
	Why     string     `json:"why,omitempty"`     // in one line
	By      string     `json:"by,omitempty"`      // a person
	// Updated, Restored and Failed count hosts at that moment; Total is all of the plan.
	Updated  int `json:"updated"`
	Restored int `json:"restored,omitempty"`
	Failed   int `json:"failed,omitempty"`
	Total    int `json:"total"`
	// Took is how long the rollout, or the stage that was left, took so far.
	Took time.Duration `json:"took,omitempty"`
	// Hosts names hosts that matter: failed, owed, not restored; at most eight.
	Hosts []string `json:"hosts,omitempty"`
}

// Takes reports whether a channel is told of a kind of notice. One that names none is
// told of everything but pauses, which every interrupted terminal makes.
func (c Channel) Takes(kind NoticeKind) bool {
	if len(c.Events) == 0 {
		return kind != NoticePaused
	}
	return slices.Contains(c.Events, kind)
}
