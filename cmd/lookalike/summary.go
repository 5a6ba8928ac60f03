package main

import (
	"fmt"
	"time"

	"github.com/dustin/go-humanize"
)

// printSummary prints the closing report.
func (a *app) printSummary(s *summary) error {
	took := time.Since(s.started)
	s.Stages, s.Seconds = s.progress.report(), took.Seconds()
	if a.json {
		return a.printJSON(s)
	}
	fmt.Fprintf(a.out, "Catalog %s: %d changed, %d unchanged, %d removed, %d failed; %d photos embedded.\n",
		printable(s.Catalog), s.Changed, s.Unchanged, s.Removed, s.Failed, s.Embedded)
	if n := s.Source; n != nil && n.Rejected > 0 {
		fmt.Fprintf(a.out, "Source: %d rows read, %d not taken (listed above).\n", n.Rows+n.Rejected, n.Rejected)
	}
	if b := s.Built; b != nil {
		fmt.Fprintf(a.out, "Generation %d is live: %s, %d factors fitted on %d photos, explaining %.1f %% of the variance; %d embeddings, index built with %s.\n",
			b.Number, b.Model, b.Factors, b.FittedOn, 100*b.ExplainedVariance, b.Rows, humanize.IBytes(uint64(b.IndexMemory)))
	}
	if len(s.Stages) > 0 {
		t := a.table("stage", "done", "time", "share")
		for _, st := range s.Stages {
			t.row(st.Name, fmt.Sprint(st.Done), st.took.Round(time.Millisecond).String(), fmt.Sprintf("%.0f %%", 100*st.Share))
		}
		if err := t.print(); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(a.out, "Took %s.\n", took.Round(10*time.Millisecond))
	return err
}
