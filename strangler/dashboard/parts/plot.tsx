import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import { theme } from '../shell/theme.ts'
import { formatLevels, formatTicks, type Measure } from './format.ts'
import { findLonely } from './lonely-points.ts'

export interface PlotLine {
  readonly label: string
  readonly values: readonly (number | null)[]
  /** The colour is one of the tokens of style/tokens.css; a dash tells the lines apart without it. */
  readonly token: string
  readonly isDashed?: boolean
  readonly isStepped?: boolean
}

export interface PlotProps {
  readonly title: string
  /** Epoch seconds. */
  readonly times: readonly number[]
  readonly lines: readonly PlotLine[]
  readonly format: (value: number) => string
  readonly measure: Measure
  readonly height?: number
  readonly highest?: number
}

/** A plot over time. What it shows last stands beside its title in words, for those who do not see it. */
export function Plot(props: PlotProps) {
  const { title, lines, format, height = 120 } = props
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot>(null)
  const shown = theme.value
  useEffect(() => {
    const element = place.current
    if (element === null) return
    const made = new uPlot(optionsOf(props, element), toData(props), element)
    plot.current = made
    const watch = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }))
    watch.observe(element)
    const dark = window.matchMedia('(prefers-color-scheme: dark)')
    const redraw = () => made.redraw(false)
    dark.addEventListener('change', redraw)
    return () => {
      dark.removeEventListener('change', redraw)
      watch.disconnect()
      made.destroy()
    }
  }, [lines.length, shown, height])
  useEffect(() => plot.current?.setData(toData(props)))
  const words = lines.map(({ label, values }) => {
    const last = values.at(-1)
    return { label, said: last === null || last === undefined ? '–' : format(last) }
  })
  return (
    <figure class="plot">
      <figcaption>
        <span class="plot-title">{title}</span>
        {words.map(({ label, said }, index) => (
          <span key={label} class="plot-legend">
            <span
              class={`plot-key ${lines[index]?.token} ${lines[index]?.isDashed ? 'dashed' : ''}`}
              aria-hidden="true"
            />
            {label} <strong>{said}</strong>
          </span>
        ))}
      </figcaption>
      <div ref={place} class="plot-canvas" aria-hidden="true" />
    </figure>
  )
}

/** How far apart two times on an axis may be. */
const SECONDS = [
  ...[1, 5, 10, 15, 30, 60, 300, 600, 900, 1_800],
  ...[1, 2, 6, 12, 24, 48, 168, 720].map((hours) => hours * 3_600),
]

function toData({ times, lines }: PlotProps): uPlot.AlignedData {
  return [[...times], ...lines.map(({ values }) => [...values])]
}

function optionsOf(
  { lines, measure, height = 120, highest }: PlotProps,
  element: HTMLElement,
): uPlot.Options {
  // A token as such is `light-dark(…)`, which a canvas does not read; as a colour it is the one of the theme.
  const colour = (token: string) => () => {
    element.style.color = `var(--${token})`
    return getComputedStyle(element).color
  }
  const axis = { stroke: colour('quiet'), grid: { stroke: colour('line'), width: 1 }, ticks: { show: false } }
  const font = '11px system-ui, sans-serif'
  return {
    ...{ width: Math.max(element.clientWidth, 100), height },
    cursor: { show: false },
    legend: { show: false },
    // To the right there is room for half of the last time.
    padding: [6, 28, 0, 0],
    scales: { y: { range: (_plot, _low, high) => [0, Math.max(highest ?? 0, high * 1.1, 0.001)] } },
    axes: [
      {
        ...{ ...axis, font, size: 22, space: 80, grid: { show: false } },
        incrs: SECONDS,
        values: (_plot, ticks) => formatTicks(ticks),
      },
      { ...axis, font, size: 52, space: 28, values: (_plot, ticks) => formatLevels(ticks, measure) },
    ],
    series: [
      {},
      ...lines.map(
        ({ label, token, isDashed, isStepped }): uPlot.Series => ({
          label,
          stroke: colour(token),
          width: 2,
          // A line needs two ends; what stands alone would not be seen.
          points: { show: false, size: 5, filter: (plot, at) => findLonely([...(plot.data[at] ?? [])]) },
          ...(isDashed ? { dash: [5, 4] } : {}),
          ...(isStepped ? { paths: uPlot.paths.stepped!({ align: 1 }) } : {}),
        }),
      ),
    ],
  }
}
