import { expect } from 'chai';
import { parseText, sampleOf } from './text-format.js';

const head = '# HELP a_total Some help.\n# TYPE a_total counter\n';

describe('the reader of scrapes', () => {
  it('reads names, labels, escapes and numbers', () => {
    const families = parseText(
      `${head}a_total{x="1\\\\2\\"3\\n4",y=""} 1e3\n\n# HELP g G\\nG.\n# TYPE g gauge\ng -Inf\n`,
    );
    expect(families.get('a_total')?.samples).to.deep.equal([
      { name: 'a_total', labels: { x: '1\\2"3\n4', y: '' }, value: 1000 },
    ]);
    expect(families.get('g')?.help).to.equal('G\nG.');
    expect(sampleOf(families, 'g')).to.equal(Number.NEGATIVE_INFINITY);
  });

  const wrong = {
    'a sample without HELP and TYPE': 'a_total 1\n',
    'HELP without TYPE': '# HELP a_total A.\na_total 1\n',
    'TYPE of another metric': '# HELP a_total A.\n# TYPE b_total counter\n',
    'a counter that is not a total': '# HELP a A.\n# TYPE a counter\n',
    'a total that is no counter': '# HELP a_total A.\n# TYPE a_total gauge\n',
    'a metric that comes twice': `${head}${head}`,
    'a sample of another metric': `${head}b_total 1\n`,
    'a series that comes twice': `${head}a_total{x="1",y="2"} 1\na_total{y="2",x="1"} 2\n`,
    'a label that comes twice': `${head}a_total{x="1",x="2"} 1\n`,
    'an unknown escape': `${head}a_total{x="\\t"} 1\n`,
    'a quote that is not escaped': `${head}a_total{x="a"b"} 1\n`,
    'a text for a number': `${head}a_total one\n`,
    'the NaN of prom-client': `${head}a_total Nan\n`,
    'a counter below 0': `${head}a_total -1\n`,
    'a last line without an end': `${head}a_total 1`,
    'a histogram without +Inf': '# HELP h H.\n# TYPE h histogram\nh_bucket{le="1"} 1\nh_sum 1\nh_count 1\n',
    'a histogram whose buckets fall':
      '# HELP h H.\n# TYPE h histogram\nh_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n',
    'a histogram that does not add up':
      '# HELP h H.\n# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 2\n',
  };
  for (const [what, text] of Object.entries(wrong))
    it(`refuses ${what}`, () => {
      expect(() => parseText(text)).to.throw();
    });
});
