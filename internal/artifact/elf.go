package artifact

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// elfHead is how much of a file tells what machine it is for.
const elfHead = 64

// ProgramArch returns the architecture, by Debian's name, that a program or shared
// library is for, from the first bytes of its file; "" for anything else. Static
// programs for 32-bit Arm are for "arm": both armhf and armel run them.
func ProgramArch(head []byte) string {
	if len(head) < 52 || string(head[:4]) != elf.ELFMAG {
		return ""
	}
	var order binary.ByteOrder = binary.LittleEndian
	if elf.Data(head[elf.EI_DATA]) == elf.ELFDATA2MSB {
		order = binary.BigEndian
	}
	if kind := elf.Type(order.Uint16(head[16:])); kind != elf.ET_EXEC && kind != elf.ET_DYN {
		return ""
	}
	machine := elf.Machine(order.Uint16(head[18:]))
	small := elf.Class(head[elf.EI_CLASS]) == elf.ELFCLASS32
	return debianArch(machine, small, order == binary.LittleEndian, order.Uint32(head[36:]))
}

func debianArch(machine elf.Machine, small, little bool, flags uint32) string {
	const hardFloat, softFloat = 0x400, 0x200
	switch {
	case machine == elf.EM_X86_64 && small:
		return "x32"
	case machine == elf.EM_X86_64:
		return "amd64"
	case machine == elf.EM_AARCH64:
		return "arm64"
	case machine == elf.EM_386:
		return "i386"
	case machine == elf.EM_ARM && flags&softFloat != 0:
		return "armel"
	case machine == elf.EM_ARM && flags&hardFloat != 0:
		return "armhf"
	case machine == elf.EM_ARM:
		return "arm" // static Go programs say neither: good for both
	case machine == elf.EM_RISCV && !small:
		return "riscv64"
	case machine == elf.EM_PPC64 && little:
		return "ppc64el"
	case machine == elf.EM_S390 && !small:
		return "s390x"
	case machine == elf.EM_LOONGARCH && !small:
		return "loong64"
	case machine == elf.EM_MIPS && little && !small:
		return "mips64el"
	}
	return fmt.Sprintf("elf-%d", machine)
}

// archFits tells whether a program runs on an architecture.
func archFits(program, arch string) bool {
	return program == arch || program == "arm" && (arch == "armhf" || arch == "armel")
}

// arch decides what a tar.gz is for, from what was claimed ("" when nothing was)
// and from the programs in it.
func (t *tree) arch(claimed string) (string, error) {
	found := slices.Sorted(maps.Keys(t.programs))
	switch {
	case claimed == "" && len(found) == 1 && found[0] == "arm":
		return "armhf", nil
	case claimed == "" && len(found) == 1:
		return found[0], nil
	case claimed == "":
		return All, nil
	case claimed == All && len(found) == 1:
		return "", t.wrongArch(found[0], "any architecture")
	case claimed == All:
		return All, nil // programs for several: the service picks one itself
	}
	for _, arch := range found {
		if !archFits(arch, claimed) {
			return "", t.wrongArch(arch, claimed)
		}
	}
	return claimed, nil
}

// debArch holds a package's programs to its Architecture field. Packages may bring
// programs for other machines besides, but not only such.
func (t *tree) debArch(field string) error {
	if field == All || len(t.programs) == 0 {
		return nil
	}
	field = strings.TrimPrefix(field, "linux-")
	found := slices.Sorted(maps.Keys(t.programs))
	if slices.ContainsFunc(found, func(arch string) bool { return archFits(arch, field) }) {
		return nil
	}
	return t.wrongArch(found[0], field)
}

func (t *tree) wrongArch(found, claimed string) error {
	return t.refuse(t.programs[found], fmt.Sprintf("it is a program for %s", found),
		fmt.Sprintf("the artifact is said to be for %s", claimed), "build it for the hosts' architecture, or name the right one")
}
