// The servers of Kubernetes 1.24 for tests, the last version with PodSecurityPolicy, as one binary that acts by the name
// it is called by: kube-apiserver or kube-controller-manager. They run on the etcd, and answer to the kubectl, of the other module.
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	_ "time/tzdata" // time zones of CronJobs

	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

func main() {
	if os.Getenv("EXIT_WHEN_STDIN_CLOSES") != "" {
		go exitWhenStdinCloses()
	}
	switch name := filepath.Base(os.Args[0]); name {
	case "kube-apiserver":
		os.Exit(cli.Run(apiserver.NewAPIServerCommand()))
	case "kube-controller-manager":
		os.Exit(cli.Run(controllermanager.NewControllerManagerCommand()))
	default:
		fmt.Fprintf(os.Stderr, "called as %q: expected kube-apiserver or kube-controller-manager\n", name)
		os.Exit(2)
	}
}

// exitWhenStdinCloses ends a server whose starter is gone, however that ended: its end of the pipe closes with it.
func exitWhenStdinCloses() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(1)
}
