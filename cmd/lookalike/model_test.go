package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lookalike/embedder"
	"lookalike/internal/testenv"
)

// lite0Weights is the published weights of the default model.
func lite0Weights(t *testing.T) string {
	t.Helper()
	path, err := testenv.Parts(t).Lite0Weights()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestModelAddListRemove(t *testing.T) {
	t.Setenv("LOOKALIKE_DATA", t.TempDir())
	var s shell
	added := parse[modelJSON](t, s.ok(t, "model", "add", "ours", "--architecture", "efficientnet-lite0", "--weights", lite0Weights(t), "--json"))
	if added.Name != "ours" || added.FeatureDims != 1280 || added.Preprocessing.Resize != 256 {
		t.Errorf("added %+v", added)
	}
	models := parse[[]modelJSON](t, s.ok(t, "model", "list", "--json"))
	if len(models) != 2 || models[0].Name != embedder.DefaultModel || models[1] != added {
		t.Errorf("list: %+v, want the default one and %+v", models, added)
	}
	if table := s.ok(t, "model", "list").out; !strings.Contains(table, "ours") || !strings.Contains(table, added.Version[:12]) {
		t.Errorf("list:\n%s", table)
	}
	s.ok(t, "model", "remove", "ours")
	if models := parse[[]modelJSON](t, s.ok(t, "model", "list", "--json")); len(models) != 1 {
		t.Errorf("after remove: %+v", models)
	}
	if r := s.run(t, "model", "remove", "ours"); r.code != exitError || !strings.Contains(r.err, "no such model") {
		t.Errorf("removed again: code %d, %s", r.code, r.err)
	}
}

func TestModelVerbsSayWhatIsWrong(t *testing.T) {
	t.Setenv("LOOKALIKE_DATA", t.TempDir())
	page := filepath.Join(t.TempDir(), "resnet50-11ad3fa6.pth")
	if err := os.WriteFile(page, []byte("<html>this file has moved</html>"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"no name":           {[]string{"add", "--weights", page}, exitUsage, "NAME"},
		"no weights":        {[]string{"add", "resnet50"}, exitUsage, "--weights FILE"},
		"name of no use":    {[]string{"add", "../resnet50", "--architecture", "resnet50", "--weights", page}, exitUsage, "lower-case"},
		"architecture":      {[]string{"add", "ours", "--weights", page}, exitUsage, "resnet50, with --architecture"},
		"no such file":      {[]string{"add", "resnet50", "--weights", page + "x"}, exitError, "no such file"},
		"page for weights":  {[]string{"add", "resnet50", "--weights", page}, exitError, "unsupported weights file"},
		"others' weights":   {[]string{"add", "resnet50", "--weights", lite0Weights(t)}, exitError, "missing: bn1.bias"},
		"remove what never": {[]string{"remove", "resnet50"}, exitError, "lookalike model add resnet50"},
	} {
		t.Run(name, func(t *testing.T) {
			r := shell{}.run(t, append([]string{"model"}, c.args...)...)
			if r.code != c.code || !strings.Contains(r.err, c.says) {
				t.Errorf("exit code %d, %q; want %d and %q", r.code, r.err, c.code, c.says)
			}
		})
	}
}
