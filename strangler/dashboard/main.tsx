import 'uplot/dist/uPlot.min.css'
import './style/tokens.css'
import './style/base.css'
import './style/shell.css'
import './style/parts.css'
import './style/pages.css'
import { render } from 'preact'
import { App } from './app.tsx'
import { findSession } from './session/session.ts'
import { applyTheme } from './shell/theme.ts'

applyTheme()
void findSession()
const place = document.getElementById('app')
if (place !== null) render(<App />, place)
