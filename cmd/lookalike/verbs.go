package main

import "github.com/spf13/cobra"

// verbs lists the verbs, one file each.
func (a *app) verbs() []*cobra.Command {
	return []*cobra.Command{
		a.versionCommand(),
	}
}
