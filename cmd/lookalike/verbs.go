package main

import "github.com/spf13/cobra"

// verbs lists the verbs, one file each.
func (a *app) verbs() []*cobra.Command {
	return []*cobra.Command{
		a.demoCommand(), a.ingestCommand(), a.similarCommand(), a.searchCommand(),
		a.workerCommand(), a.statusCommand(), a.failuresCommand(), a.retryCommand(),
		a.dbCommand(), a.migrateCommand(), a.modelCommand(), a.versionCommand(),
	}
}
