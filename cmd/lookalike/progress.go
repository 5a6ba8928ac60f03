package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// linesEvery is how often progress is printed as a line where there is no terminal.
const linesEvery = 10 * time.Second

// stage is one step of a verb's work and what it took.
type stage struct {
	Name    string        `json:"stage"`
	Done    int64         `json:"done"`
	Seconds float64       `json:"seconds"`
	Share   float64       `json:"share"` // of all stages, 0 to 1
	took    time.Duration // as Seconds
}

// progress shows the steps of a verb's work: as bars on a terminal, as lines elsewhere. It keeps what each has taken.
type progress struct {
	out      io.Writer
	terminal bool
	unit     string

	mu      sync.Mutex
	stages  []stage
	bar     *progressbar.ProgressBar
	total   int64
	done    int64
	started time.Time
	printed time.Time
}

func (a *app) progress(unit string) *progress {
	return &progress{out: a.err, terminal: a.terminal, unit: unit}
}

// Begin starts a step; a total of 0 or less means that it is not known.
func (p *progress) Begin(step string, total int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.total, p.done, p.started = total, 0, time.Now()
	p.printed = p.started
	p.stages = append(p.stages, stage{Name: step})
	if !p.terminal {
		return
	}
	if total <= 0 {
		total = -1
	}
	p.bar = progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(p.out), progressbar.OptionSetDescription(fmt.Sprintf("%-18s", step)),
		progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString(p.unit),
		progressbar.OptionSetPredictTime(true), progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionFullWidth(), progressbar.OptionSetElapsedTime(true))
}

// Set says how much of the step is done.
func (p *progress) Set(done int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.set(done)
}

// Add says how much more of the step is done.
func (p *progress) Add(n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.set(p.done + n)
}

func (p *progress) set(done int64) {
	p.done = done
	if p.bar != nil {
		if p.total > 0 && done > p.total {
			p.bar.ChangeMax64(done)
		}
		_ = p.bar.Set64(done) // a terminal that is gone must not end the work
		return
	}
	if now := time.Now(); now.Sub(p.printed) >= linesEvery {
		p.printed = now
		fmt.Fprintln(p.out, p.line())
	}
}

// line is the state of a step where there is no bar.
func (p *progress) line() string {
	name, elapsed := p.stages[len(p.stages)-1].Name, time.Since(p.started)
	rate := float64(p.done) / elapsed.Seconds()
	if p.total <= 0 || rate == 0 {
		return fmt.Sprintf("%s: %d (%.1f %s/s)", name, p.done, rate, p.unit)
	}
	left := time.Duration(float64(p.total-p.done) / rate * float64(time.Second))
	return fmt.Sprintf("%s: %d of %d (%.1f %s/s, %s left)", name, p.done, p.total, rate, p.unit, max(left, 0).Round(time.Second))
}

// End closes the step.
func (p *progress) End() {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := &p.stages[len(p.stages)-1]
	s.Done, s.took = p.done, time.Since(p.started)
	if p.bar != nil {
		_ = p.bar.Exit()
		fmt.Fprintln(p.out)
		p.bar = nil
		return
	}
	fmt.Fprintf(p.out, "%s: %d in %s\n", s.Name, p.done, s.took.Round(time.Millisecond))
}

// report returns the steps with their shares of the whole time.
func (p *progress) report() []stage {
	p.mu.Lock()
	defer p.mu.Unlock()
	var whole time.Duration
	for _, s := range p.stages {
		whole += s.took
	}
	list := make([]stage, len(p.stages))
	for i, s := range p.stages {
		s.Seconds = s.took.Seconds()
		if whole > 0 {
			s.Share = float64(s.took) / float64(whole)
		}
		list[i] = s
	}
	return list
}
