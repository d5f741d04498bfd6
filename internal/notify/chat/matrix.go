package chat

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/slipway-deploy/slipway/internal/notify"
	"github.com/slipway-deploy/slipway/internal/notify/wire"
)

// Matrix tells a room.
type Matrix struct {
	Wire  *wire.Client
	URL   string // of the home server
	Token string
	Room  string // its id
}

var _ notify.Notifier = (*Matrix)(nil)

// Send tells the room. The home server keeps one message of a transaction id, however
// often it is sent: the message's key makes the id.
func (x *Matrix) Send(ctx context.Context, m notify.Message, _ *notify.Memory) (string, error) {
	body, err := wire.JSON(struct {
		Type   string `json:"msgtype"`
		Body   string `json:"body"`
		Format string `json:"format"`
		HTML   string `json:"formatted_body"`
	}{"m.notice", m.Plain(), "org.matrix.custom.html", m.HTML()})
	if err != nil {
		return "", err
	}
	id := sha256.Sum256([]byte(m.Key))
	answer, err := x.Wire.Do(ctx, wire.Request{
		Method: http.MethodPut,
		URL: strings.TrimSuffix(x.URL, "/") + "/_matrix/client/v3/rooms/" + url.PathEscape(x.Room) +
			"/send/m.room.message/slipway-" + hex.EncodeToString(id[:16]),
		Header: map[string]string{"Authorization": "Bearer " + x.Token}, Body: body,
	})
	if err != nil {
		return "", err
	}
	var event struct {
		ID string `json:"event_id"`
	}
	if json.Unmarshal(answer, &event) != nil {
		return "", nil // it was sent; what it is called matters little
	}
	return event.ID, nil
}
