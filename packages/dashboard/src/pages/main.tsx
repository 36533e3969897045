import './style/index.css';
import { render } from 'preact';

const root = document.getElementById('app');
if (root !== null) render(<p>hubfuse</p>, root);
