import { crossChecks } from './cross-checks.ts';
import { experimentForm } from './format.ts';

/** An experiment, checked as a whole. `experiments/experiment.schema.json` is made from it. */
export const experimentSchema = experimentForm.superRefine((experiment, context) => {
  const loadIsRight = context.issues.every(({ path }) => path?.[0] !== 'load');
  for (const { path, message } of crossChecks(experiment, loadIsRight)) {
    context.addIssue({ code: 'custom', path: [...path], message });
  }
});
