package datadir_test

import (
	"os"
	"path/filepath"
	"testing"

	"lookalike/internal/datadir"
)

func TestDir(t *testing.T) {
	home := t.TempDir()
	for _, test := range []struct{ name, data, xdg, want string }{
		{"named", "/srv/data", "/xdg", "/srv/data"},
		{"XDG", "", "/xdg", "/xdg/lookalike"},
		{"relative XDG is ignored", "", "xdg", ""},
		{"home", "", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("LOOKALIKE_DATA", test.data)
			t.Setenv("XDG_DATA_HOME", test.xdg)
			t.Setenv("HOME", home)
			got, err := datadir.Dir()
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case test.data == "" && os.Geteuid() == 0:
				test.want = "/var/lib/lookalike"
			case test.want == "":
				if rel, err := filepath.Rel(home, got); err != nil || filepath.Base(rel) != "lookalike" {
					t.Errorf("%s is not below the home directory", got)
				}
				return
			}
			if got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

func TestRelativeDirIsMadeAbsolute(t *testing.T) {
	t.Setenv("LOOKALIKE_DATA", "here")
	if got, err := datadir.Dir(); err != nil || !filepath.IsAbs(got) || filepath.Base(got) != "here" {
		t.Errorf("%s (%v)", got, err)
	}
}
