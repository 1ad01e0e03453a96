/* Large charts: data in data-* attributes, colours from the tokens. The figures stand in the table beneath each chart. */
(function () {
  'use strict';
  if (!window.Chart) return;
  const css = getComputedStyle(document.body), colour = (name) => css.getPropertyValue(name).trim();
  Object.assign(Chart.defaults.font, { family: css.fontFamily, size: 12 });
  Object.assign(Chart.defaults, { color: colour('--pm-muted'), animation: false, maintainAspectRatio: false });
  document.querySelectorAll('canvas[data-chart]').forEach((canvas) => {
    const told = canvas.dataset, labels = told.labels.split('|');
    const bars = (n, values, name) => ({ label: labels[n], data: values.split(',').map(Number), backgroundColor: colour(name), maxBarThickness: 36 });
    new Chart(canvas, {
      type: 'bar',
      data: { labels: told.names.split(','), datasets: [bars(0, told.fine, '--pm-jade'), bars(1, told.late, '--pm-late'), bars(2, told.back, '--pm-muted')] },
      options: {
        plugins: { legend: { display: false } },
        scales: {
          x: { stacked: true, grid: { display: false }, border: { color: colour('--pm-line-strong') } },
          y: { stacked: true, beginAtZero: true, ticks: { precision: 0 }, grid: { color: colour('--pm-line') }, border: { display: false } }
        }
      }
    });
  });
}());
