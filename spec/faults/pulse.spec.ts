import { hubHeldUp, laneFull } from './held-up.js';
import { busy, linkCutWhileStill, linkHalfOpen, pulseCut } from './one-way.js';
import { sideBySide } from './scene.js';
import { halfOpen, killed, stopped } from './unheard.js';
import { namespace, unplugged } from './unplugged.js';

if (namespace === undefined)
  console.log('not run here: a cable pulled, which needs network namespaces and iproute2');

describe('with default timings, among bystanders of whom nothing is said', function () {
  this.timeout(420_000);

  sideBySide({
    'a handler that computes for 60 s makes its worker stalled, by name, and nothing else': busy(
      'render.frame',
      60_000,
      'render.frame',
    ),
    'so does one that computes for 60 s after an await': busy(
      'render.scene',
      60_000,
      'render.scene, or code outside of the handlers',
    ),
    'a worker that is killed is suspect at once and lost in time, ten times': killed,
    'a worker that is stopped is lost in time, and fenced when it goes on, ten times': stopped,
    'a link and a pulse that are half open are a loss in time, ten times': halfOpen,
    'a link that is half open under a pulse is dialled again, and nothing is lost, ten times': linkHalfOpen,
    'a link that is cut while the loop stands still is no suspicion, ten times': linkCutWhileStill,
    'a pulse that is cut under a link is no verdict, and comes back, ten times': pulseCut,
    'a hub that is held up for 8 s with 200 workers suspects none but those that died meanwhile': hubHeldUp,
    'workers that die while the lane of their hub is full are found in time, three times': laneFull,
    ...(namespace && {
      'a worker whose cable is pulled is lost in time, and back when it is in again, ten times':
        unplugged(namespace),
    }),
  });
});
