// Package chat takes messages to where people read them: one file a kind of channel.
// Each makes of a notify.Message what looks best there, in one request where that can
// be, and escapes what people wrote, so that a commit's subject can neither draw nor
// call everybody.
//
// channel opens them with settings that manifest has checked and secrets that are
// resolved. They retry nothing, keep nothing but what notify.Memory holds, and print
// no secret.
package chat
