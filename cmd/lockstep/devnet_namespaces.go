package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/lockstep-network/lockstep/namespaces"
	"github.com/lockstep-network/lockstep/namespaces/action"
	"github.com/lockstep-network/lockstep/namespaces/block"
	"github.com/lockstep-network/lockstep/node/api/client"
	"github.com/lockstep-network/lockstep/node/ledger"
)

// register makes the rollups' namespaces the first account's, by one transaction, as rollup teams do it by `lockstep ns register`; those that stand
// already, since an earlier start, are left as they are.
func (d *devnet) register(ctx context.Context) error {
	if len(d.network.Rollups) == 0 {
		return nil
	}
	node, err := client.Dial(ctx, d.network.Operators[0].RPC)
	if err != nil {
		return err
	}
	defer node.Close()
	missing, err := d.unregistered(ctx, node)
	if err != nil || len(missing) == 0 {
		return err
	}
	sent := false
	return d.await(ctx, "namespaces are registered", func(ctx context.Context) error {
		if !sent {
			if err := d.registration(ctx, node, missing); err != nil {
				return err
			}
			sent = true
		}
		left, err := d.unregistered(ctx, node)
		if err == nil && len(left) > 0 {
			err = fmt.Errorf("%d of them are not", len(left))
		}
		return err
	})
}

// unregistered lists the rollups whose namespaces nobody has.
func (d *devnet) unregistered(ctx context.Context, node *client.Client) (missing []member, err error) {
	for _, m := range d.network.Rollups {
		ns, err := namespaces.Parse(m.Namespace)
		if err != nil {
			return nil, err
		}
		switch _, err := node.Namespace(ctx, ns); {
		case client.Code(err) == string(ledger.UnknownNamespace):
			missing = append(missing, m)
		case err != nil:
			return nil, err
		}
	}
	return missing, nil
}

// registration sends the transaction that registers the rollups' namespaces.
func (d *devnet) registration(ctx context.Context, node *client.Client, rollups []member) error {
	accounts, err := readAccounts(d.dir)
	if err != nil {
		return err
	}
	if len(accounts) == 0 {
		return errors.New("the devnet has no account to own namespaces")
	}
	key, err := parseKey(accounts[0].Key)
	if err != nil {
		return err
	}
	actions := make([]action.Action, 0, len(rollups))
	for _, m := range rollups {
		ns, err := namespaces.Parse(m.Namespace)
		if err != nil {
			return err
		}
		actions = append(actions, &action.Register{Namespace: ns, Owner: owner(key), Metadata: []byte(m.Name), Lane: action.Lane{Order: block.ByProposer}})
	}
	legs, err := actionLegs(actions)
	if err != nil {
		return err
	}
	signed, err := signFor(ctx, node, legs, key, 1_000, 0)
	if err != nil {
		return err
	}
	if _, err := node.SendTransaction(ctx, signed); err != nil {
		return fmt.Errorf("register the rollups' namespaces: %w", err)
	}
	return nil
}
