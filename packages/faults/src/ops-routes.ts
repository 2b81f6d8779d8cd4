import express, { type Express } from 'express';
import type { Injector } from './injector.ts';
import { EMPTY_PLAN, parsePlan } from './plan.ts';

/** `GET`, `PUT` and `DELETE /faults`: the switch of the faults, on the ops port, where faults do not reach. */
export function mountFaults(ops: Express, injector: Injector): void {
  ops
    .route('/faults')
    .get((_req, res) => {
      res.json({ ...injector.plan, injected: injector.injected });
    })
    .put(express.json({ limit: '64kb', type: () => true }), (req, res) => {
      injector.use(parsePlan(req.body));
      res.json({ ...injector.plan, injected: injector.injected });
    })
    .delete((_req, res) => {
      injector.use(EMPTY_PLAN);
      res.json({ ...injector.plan, injected: injector.injected });
    });
}
