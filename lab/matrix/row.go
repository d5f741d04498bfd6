package matrix

// Fault is what happens to a host while it is changed.
type Fault int

// The faults. Those of an update happen when its release has begun to be installed or
// started, those of a restore when the release that leaves is being stopped or removed.
const (
	NoFault      Fault = iota
	CutUpdate          // the tool and its children are killed
	CutBack            //
	DpkgUpdate         // dpkg alone is killed
	PowerUpdate        // the power goes, the host boots again
	PowerBack          //
	FullUpdate         // the disk is full, and stays so
	FullBack           //
	LockedBack         // another apt-get holds dpkg's lock for a few seconds
	FullLaterFix       // the disk fills up on the way back; somebody makes room, and it is tried again
)

// inUpdate tells whether it happens while a version is brought.
func (f Fault) inUpdate() bool {
	return f == CutUpdate || f == DpkgUpdate || f == PowerUpdate
}

// inBack tells whether it happens while one is taken back.
func (f Fault) inBack() bool { return f == CutBack || f == PowerBack }

// Row is one case. Scripts run as root on the host.
type Row struct {
	ID      string
	Format  string // deb or tar.gz
	Changed string // what was changed on the host, for the table
	Fails   string // what fails on the way, for the table

	Base    Base   // what the host is like at the beginning; that of the format when empty
	Before  string // script that runs first
	New     string // version that is brought; the format's usual one when empty
	Then    string // version that is brought after that
	Between string // script that runs before going back
	Fault   Fault
	After   string // script that runs after going back

	Twice bool     // bring and take back two times
	Lost  bool     // nobody has the version of the beginning any more
	Data  bool     // /var/lib/checkout is declared as data, and must stay as it is
	Stays []string // items that documentedly do not go back: beginnings of them
	Real  *Real    // a package of Debian's; nil: the cases' own service
	// Alone: only Slipway does it; the others have no such thing.
	Alone bool
}

// Base names what is on a host at the beginning.
type Base string

// The bases.
const (
	Packaged Base = "deb"    // 1.0.0, installed by the tool
	Archived Base = "tar.gz" // 1.0.0, deployed by the tool
	ByHand   Base = "apt"    // 1.0.0, installed by apt-get whatever the tool
	Bare     Base = "bare"   // set up, with no version of the service
	Debian   Base = "debian" // Bare, with unattended-upgrades and needrestart
)

func (r Row) base() Base {
	if r.Base != "" {
		return r.Base
	}
	return Base(r.Format)
}

// new is the version that is brought.
func (r Row) new() string {
	if r.New != "" {
		return r.New
	}
	return "1.1.0"
}

// Look is where its snapshots look.
func (r Row) Look() Look {
	if r.Real != nil {
		return Look{Service: r.Real.Service, Units: r.Real.Spec.Units}
	}
	return Look{Service: Service, Units: []string{"checkout.service"}, Port: 8080}
}

// name is what is deployed.
func (r Row) name() string {
	if r.Real != nil {
		return r.Real.Spec.Package
	}
	return Service
}
